import type { HerokuApi } from "./api.ts";
import { sdkJson } from "./api.ts";
import { appPath } from "./apps.ts";
import { type Fields, findFields, findText, parseFields, parseList, requireText } from "./fields.ts";

export interface AppName {
  id: string;
  name: string;
}

/** A name under which an app knows an add-on. */
export interface Attachment {
  /** `DATABASE`, `HEROKU_POSTGRESQL_PINK`. */
  name: string;
  /** `credential:NAME` for a named credential. */
  namespace: string | undefined;
  app: AppName;
  addonId: string;
  addonName: string;
  /** Whole: `heroku-postgresql:standard-0`. */
  plan: string;
  /** The app that pays for the add-on; its transfers are listed there. */
  billingApp: AppName;
  /** Config vars that it sets, e.g. `DATABASE_URL`. */
  configVars: string[];
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Without it the plan's name and the config vars are left out of the answer (heroku-cli-util, `addons/resolve`). */
const withInclusion = { Accept: sdkJson, "Accept-Inclusion": "addon:plan,config_vars" };

export async function listAttachments(api: HerokuApi, app: string, options: CallOptions = {}): Promise<Attachment[]> {
  const answer = await api.request("platform", {
    path: `${appPath(app)}/addon-attachments`,
    headers: withInclusion,
    what: `list the add-ons of ${app}`,
    ...options,
  });
  return parseList(answer, "a list of attachments").map(parseAttachment);
}

/** Everything of any service that Heroku takes a name for; a 404 is the caller's to explain. */
export async function resolveAttachments(
  api: HerokuApi,
  app: string,
  name: string,
  options: CallOptions = {},
): Promise<Attachment[]> {
  const answer = await api.request("platform", {
    method: "POST",
    path: "/actions/addon-attachments/resolve",
    body: { addon_attachment: name, app },
    headers: withInclusion,
    what: `find ${name} of ${app}`,
    // A question, although it is asked by POST.
    repeat: "always",
    ...options,
  });
  return parseList(answer, "a list of attachments").map(parseAttachment);
}

/** Attaches an add-on to an app under a name, or under one that Heroku picks. A taken name needs `confirm`. */
export async function createAttachment(
  api: HerokuApi,
  wanted: { app: string; addon: string; name?: string; confirm?: string },
  options: CallOptions = {},
): Promise<Attachment> {
  const answer = await api.request("platform", {
    method: "POST",
    path: "/addon-attachments",
    body: wanted,
    headers: withInclusion,
    what: `attach ${wanted.addon} to ${wanted.app}${wanted.name === undefined ? "" : ` as ${wanted.name}`}`,
    ...options,
  });
  return parseAttachment(parseFields(answer, "an attachment"));
}

function parseAttachment(fields: Fields): Attachment {
  const addon = findFields(fields, "addon");
  const app = parseAppName(findFields(fields, "app"));
  const configVars = fields["config_vars"];
  return {
    name: requireText(fields, "name", "an attachment"),
    namespace: findText(fields, "namespace"),
    app,
    addonId: requireText(addon, "id", "an attachment"),
    addonName: requireText(addon, "name", "an attachment"),
    plan: findText(addon && findFields(addon, "plan"), "name") ?? "",
    billingApp: parseAppName((addon && findFields(addon, "app")) ?? findFields(fields, "app")),
    configVars: Array.isArray(configVars) ? configVars.filter((name) => typeof name === "string") : [],
  };
}

function parseAppName(fields: Fields | undefined): AppName {
  return { id: requireText(fields, "id", "an attachment"), name: requireText(fields, "name", "an attachment") };
}

import { MigrationError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { HerokuApi } from "./api.ts";
import { statusOf } from "./api-error.ts";
import { type Fields, findFields, findText, isFields, parseFields, parseList, requireText } from "./fields.ts";

export interface Account {
  id: string;
  email: string;
}

export interface App {
  id: string;
  name: string;
  isInMaintenance: boolean;
  /** Name of its private space. */
  space: string | undefined;
  region: string | undefined;
  stack: string | undefined;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Whose token it is: the cheapest proof that it works. */
export async function readAccount(api: HerokuApi, options: CallOptions = {}): Promise<Account> {
  const answer = await api.request("platform", { path: "/account", what: "check the Heroku token", ...options });
  const fields = parseFields(answer, "an account");
  return { id: requireText(fields, "id", "an account"), email: findText(fields, "email") ?? "" };
}

/** @throws MigrationError that names the app where it does not exist or the token may not see it */
export async function readApp(api: HerokuApi, app: string, options: CallOptions = {}): Promise<App> {
  try {
    return parseApp(await api.request("platform", { path: appPath(app), what: `read the app ${app}`, ...options }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw new MigrationError(`Heroku has no app named ${app} that this token may see.`, {
      code: "HEROKU_APP_NOT_FOUND",
      hint: "Check heroku-app, and that heroku-api-key belongs to an account with access to the app.",
      cause: error,
    });
  }
}

/** All apps that the token may see. */
export async function listApps(api: HerokuApi, options: CallOptions = {}): Promise<App[]> {
  const answer = await api.request("platform", { path: "/apps", what: "list the apps of the account", ...options });
  return parseList(answer, "a list of apps").map(parseApp);
}

/** Gives back what Heroku says it is now. */
export async function setMaintenance(
  api: HerokuApi,
  app: string,
  isOn: boolean,
  options: CallOptions = {},
): Promise<App> {
  const changed = parseApp(
    await api.request("platform", {
      method: "PATCH",
      path: appPath(app),
      body: { maintenance: isOn },
      what: `switch the maintenance mode of ${app} ${isOn ? "on" : "off"}`,
      ...options,
    }),
  );
  if (changed.isInMaintenance === isOn) return changed;
  throw new MigrationError(`Heroku did not switch the maintenance mode of ${app} ${isOn ? "on" : "off"}.`, {
    code: "HEROKU_MAINTENANCE",
    hint: `Try it by hand: heroku maintenance:${isOn ? "on" : "off"} --app ${app}`,
  });
}

export async function listConfigVarNames(api: HerokuApi, app: string, options: CallOptions = {}): Promise<string[]> {
  return Object.keys(await readConfigVars(api, app, options));
}

/** One value; undefined where the app has no such config var. */
export async function findConfigVar(
  api: HerokuApi,
  app: string,
  name: string,
  options: CallOptions = {},
): Promise<Secret | undefined> {
  const value = (await readConfigVars(api, app, options))[name];
  return typeof value === "string" ? new Secret(value) : undefined;
}

/** Names of the config vars whose value holds one of the texts (a host name, say); the values stay here. */
export async function listConfigVarsHolding(
  api: HerokuApi,
  app: string,
  texts: readonly string[],
  options: CallOptions = {},
): Promise<string[]> {
  const wanted = texts.filter((text) => text !== "").map((text) => text.toLowerCase());
  return Object.entries(await readConfigVars(api, app, options))
    .filter(([, value]) => typeof value === "string" && wanted.some((text) => value.toLowerCase().includes(text)))
    .map(([name]) => name);
}

async function readConfigVars(api: HerokuApi, app: string, options: CallOptions): Promise<Fields> {
  const what = `read the config vars of ${app}`;
  const answer = await api.request("platform", { path: `${appPath(app)}/config-vars`, what, ...options });
  return isFields(answer) ? answer : {};
}

export function appPath(app: string): string {
  return `/apps/${encodeURIComponent(app)}`;
}

function parseApp(value: unknown): App {
  const fields = parseFields(value, "an app");
  return {
    id: requireText(fields, "id", "an app"),
    name: requireText(fields, "name", "an app"),
    isInMaintenance: fields["maintenance"] === true,
    space: findText(findFields(fields, "space"), "name"),
    region: findText(findFields(fields, "region"), "name"),
    stack: findText(findFields(fields, "stack"), "name"),
  };
}

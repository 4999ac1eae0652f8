import { MigrationError } from "../errors.ts";
import { listNames } from "../format.ts";
import type { HerokuApi } from "./api.ts";
import { apiCause, statusOf } from "./api-error.ts";
import { readApp } from "./apps.ts";
import { type AppName, type Attachment, listAttachments, resolveAttachments } from "./attachments.ts";
import { type Plan, planNamed } from "./plans.ts";

/** One Heroku Postgres database, found under a name. */
export interface TargetDatabase {
  addonId: string;
  addonName: string;
  plan: Plan;
  /** The attachment it was found by, e.g. `DATABASE`. */
  attachmentName: string;
  /** Where it is attached; `otherapp` when the name was `otherapp::NAME`. */
  app: AppName;
  /** Whose transfers its restores are; differs from `app` for a shared database. */
  billingApp: AppName;
  /** The config var with its URL. */
  configVar: string;
}

const service = "heroku-postgresql:";

/**
 * Finds the database that a person means by `DATABASE_URL`, `DATABASE`, `HEROKU_POSTGRESQL_PINK[_URL]`, an add-on's name or id, or any of
 * these after `otherapp::`, as Heroku's command line does.
 *
 * @throws MigrationError that names the app's databases where there is none by that name, or several
 */
export async function resolveDatabase(
  api: HerokuApi,
  app: string,
  name: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<TargetDatabase> {
  const [shownApp, shownName] = splitName(app, name);
  const found = await findAttachments(api, shownApp, shownName, options);
  const databases = found.filter((attachment) => attachment.plan.startsWith(service));
  const [first] = databases;
  if (first === undefined) throw await notADatabase(api, shownApp, shownName, found, options);
  const chosen = chooseOne(databases, shownName);
  if (chosen === undefined) throw ambiguous(shownApp, shownName, databases);
  return describe(chosen);
}

function splitName(app: string, name: string): [app: string, name: string] {
  const at = name.indexOf("::");
  return at < 0 ? [app, name.trim()] : [name.slice(0, at).trim(), name.slice(at + 2).trim()];
}

async function findAttachments(
  api: HerokuApi,
  app: string,
  name: string,
  options: { signal?: AbortSignal | undefined },
): Promise<Attachment[]> {
  try {
    return await resolveAttachments(api, app, name, options);
  } catch (error) {
    if (statusOf(error) !== 404 && apiCause(error)?.id !== "not_found") throw error;
    return [];
  }
}

/** Named credentials come after the database's own; several names of one add-on are one database. */
function chooseOne(databases: readonly Attachment[], name: string): Attachment | undefined {
  const plain = databases.filter((attachment) => attachment.namespace === undefined);
  const candidates = plain.length > 0 ? plain : databases;
  if (new Set(candidates.map((attachment) => attachment.addonId)).size > 1) return undefined;
  const exact = candidates.find((attachment) => attachment.name === name || attachment.configVars.includes(name));
  return exact ?? candidates[0];
}

function describe(attachment: Attachment): TargetDatabase {
  return {
    addonId: attachment.addonId,
    addonName: attachment.addonName,
    plan: planNamed(attachment.plan),
    attachmentName: attachment.name,
    app: attachment.app,
    billingApp: attachment.billingApp,
    configVar: attachment.configVars.find((name) => name.endsWith("_URL")) ?? `${attachment.name}_URL`,
  };
}

/** The app itself may be what is missing: then that is said. */
async function notADatabase(
  api: HerokuApi,
  app: string,
  name: string,
  found: readonly Attachment[],
  options: { signal?: AbortSignal | undefined },
): Promise<MigrationError> {
  await readApp(api, app, options);
  const attachments = await listAttachments(api, app, options);
  const databases = attachments.filter((attachment) => attachment.plan.startsWith(service));
  const names = databases.map((attachment) => `${attachment.name} (${attachment.addonName})`);
  const [other] = found;
  const problem =
    other === undefined
      ? `The app ${app} has no add-on named ${name}.`
      : `${name} of the app ${app} is ${other.plan || other.addonName}, not a Heroku Postgres database.`;
  return new MigrationError(problem, {
    code: "HEROKU_DATABASE_NOT_FOUND",
    hint:
      names.length === 0
        ? `The app has no Heroku Postgres database: heroku addons:create heroku-postgresql:essential-0 --app ${app}`
        : `Set heroku-database to one of its databases: ${listNames(names, 12)}.`,
  });
}

function ambiguous(app: string, name: string, databases: readonly Attachment[]): MigrationError {
  const names = [...new Set(databases.map((attachment) => attachment.addonName))];
  return new MigrationError(`${name} of the app ${app} means several databases: ${listNames(names, 12)}.`, {
    code: "HEROKU_DATABASE_AMBIGUOUS",
    hint: "Set heroku-database to the add-on's name of the one you mean.",
  });
}

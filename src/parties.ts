import { MigrationError } from "./errors.ts";
import { HerokuApi } from "./heroku/api.ts";
import { findConfigVar } from "./heroku/apps.ts";
import { type TargetDatabase, resolveDatabase } from "./heroku/resolve-database.ts";
import { type DatabaseUrl, parseDatabaseUrl } from "./postgres/database-url.ts";
import { unavailable } from "./gate-facts.ts";
import type { Unavailable } from "./preflight/facts.ts";
import type { Run } from "./run.ts";
import { type Bucket, openBucket } from "./storage/bucket.ts";

/** Whom a migration deals with, besides the source. */
export interface Parties extends AsyncDisposable {
  bucket: Bucket;
  heroku: HerokuApi;
  database: TargetDatabase;
}

/**
 * Finds the target on Heroku, and the bucket.
 *
 * @throws MigrationError for a token, app or database that is not there, before anything else happens
 */
export async function openParties(run: Run): Promise<Parties> {
  const heroku = openHeroku(run);
  const { app, database } = run.inputs.heroku;
  const bucket = openBucket(run.inputs.bucket, run.log);
  return {
    bucket,
    heroku,
    database: await resolveDatabase(heroku, app, database, { signal: run.signal }),
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  };
}

/** `confirm` names the app whose database is overwritten, so that must be the app whose database it is. */
export function refuseForeignApp({ inputs }: Run, { database }: Parties): void {
  const { app, database: name } = inputs.heroku;
  if (database.app.name === app || database.app.id === app) return;
  throw new MigrationError(`heroku-database ${name} is a database of the app ${database.app.name}, not of ${app}.`, {
    code: "DATABASE_OF_ANOTHER_APP",
    hint: `Set heroku-app and confirm to ${database.app.name}: its database is the one that would be overwritten.`,
  });
}

export function openHeroku(run: Run): HerokuApi {
  return new HerokuApi(run.inputs.heroku, { log: run.log });
}

/** The target's connection URL, from the app's config vars; masked before anybody can print it. */
export async function readTargetUrl(run: Run, heroku: HerokuApi, database: TargetDatabase): Promise<DatabaseUrl> {
  const value = await findConfigVar(heroku, database.app.name, database.configVar, { signal: run.signal });
  if (value === undefined) {
    throw new MigrationError(`The app ${database.app.name} has no config var ${database.configVar}.`, {
      code: "TARGET_URL_MISSING",
      hint: "The token may not be allowed to read config vars: use one of a member with deploy and operate rights.",
    });
  }
  run.keepSecret(value);
  const url = parseDatabaseUrl(value.reveal(), database.configVar);
  run.keepSecret(url.password);
  return url;
}

/** The same as a fact: the URL, or why the target cannot be reached by SQL. */
export async function findTargetUrl(
  run: Run,
  heroku: HerokuApi,
  database: TargetDatabase,
): Promise<DatabaseUrl | Unavailable> {
  if (database.plan.isPrivate)
    return { unavailable: true, reason: `a ${database.plan.name} database lives in a private network` };
  return await readTargetUrl(run, heroku, database).catch(unavailable);
}

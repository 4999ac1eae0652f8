import { MigrationError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Secret } from "../secret.ts";
import { sleep } from "../workers.ts";
import type { HerokuApi } from "./api.ts";
import { isRefused, statusOf } from "./api-error.ts";
import { databasePath } from "./database-info.ts";
import type { TargetDatabase } from "./resolve-database.ts";
import { type Transfer, type TransferWithSource, listTransfers, parseTransfer, placeOf } from "./transfers.ts";

export interface StartedTransfer {
  transfer: Transfer;
  /** Found in Heroku's list after its answer was lost. */
  adopted: boolean;
}

interface StartOptions {
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  /** Awaited right before the request is sent, with the app's highest transfer number: what a journal needs to find it by. */
  onSending?: ((highestNumber: number) => Promise<void> | void) | undefined;
  /** When to look for a transfer whose answer was lost, counted from one look to the next. */
  lookAgainMs?: readonly number[];
}

const patientLooks = [1_000, 3_000, 6_000, 10_000] as const;
const mostSends = 3;
const startTimeoutMs = 90_000;

/**
 * Asks Heroku to restore from a URL, once. The target is wiped as soon as this is accepted. Where the answer gets lost, Heroku's list
 * tells whether a restore began, and that one is adopted.
 *
 * @param extensions to create before, as `name` or `schema.name`
 * @throws MigrationError with code RESTORE_UNCERTAIN where it cannot be known whether a restore began
 */
export async function startRestore(
  api: HerokuApi,
  database: TargetDatabase,
  backupUrl: Secret,
  extensions: readonly string[] = [],
  options: StartOptions = {},
): Promise<StartedTransfer> {
  const names = [...new Set(extensions.map((name) => name.trim().toLowerCase()))].filter((name) => name !== "").sort();
  const body = { backup_url: backupUrl.reveal(), ...(names.length === 0 ? {} : { extensions: names }) };
  const place = placeOf(backupUrl.reveal());
  return await startOnce(api, database, options, {
    path: `${databasePath(database)}/restores`,
    what: `start the restore into ${database.addonName}`,
    noun: "restore",
    body,
    secrets: [backupUrl],
    isOurs: (transfer) => isRestoreFrom(transfer, place),
  });
}

/**
 * The newest restore from a URL (its query does not matter) with a number above the given one: how a run finds what an interrupted
 * one has begun.
 */
export async function findRestore(
  api: HerokuApi,
  database: TargetDatabase,
  after: number,
  backupUrl: Secret,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Transfer | undefined> {
  const place = placeOf(backupUrl.reveal());
  return newest(await listTransfers(api, database, options), after, (transfer) => isRestoreFrom(transfer, place));
}

/** Where Heroku hides what is restored, any restore may be ours. */
function isRestoreFrom({ toType, sourcePlace }: TransferWithSource, place: string | undefined): boolean {
  return toType === "pg_restore" && (sourcePlace === undefined || sourcePlace === place);
}

function newest(
  transfers: readonly TransferWithSource[],
  after: number,
  isOurs: (transfer: TransferWithSource) => boolean,
): Transfer | undefined {
  const ours = transfers.filter((transfer) => transfer.number > after && isOurs(transfer));
  const found = ours.toSorted((a, b) => b.number - a.number)[0];
  if (found === undefined) return undefined;
  const { sourcePlace: _place, ...transfer } = found;
  return transfer;
}

/** Asks Heroku for a backup of the database as it is, once. */
export async function startBackup(
  api: HerokuApi,
  database: TargetDatabase,
  options: StartOptions = {},
): Promise<StartedTransfer> {
  return await startOnce(api, database, options, {
    path: `${databasePath(database)}/backups`,
    what: `start a backup of ${database.addonName}`,
    noun: "backup",
    body: undefined,
    secrets: [],
    isOurs: ({ fromType, toType }) => fromType === "pg_dump" && toType !== "pg_restore",
  });
}

interface Start {
  path: string;
  what: string;
  noun: "restore" | "backup";
  body: unknown;
  secrets: readonly Secret[];
  isOurs: (transfer: TransferWithSource) => boolean;
}

async function startOnce(
  api: HerokuApi,
  database: TargetDatabase,
  options: StartOptions,
  start: Start,
): Promise<StartedTransfer> {
  const before = highestNumber(await listTransfers(api, database, options));
  await options.onSending?.(before);
  for (let sends = 1; ; sends += 1) {
    try {
      return { transfer: await send(api, start, options), adopted: false };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isRefused(error)) throw error;
      options.log?.warning(`Heroku's answer to the ${start.noun} got lost: looking whether it began.`);
      const adopted = await lookFor(api, database, before, start, options).catch((failure: unknown) => {
        options.signal?.throwIfAborted();
        throw uncertain(start, database, failure);
      });
      if (adopted !== undefined) return { transfer: adopted, adopted: true };
      if (!mayBeRepeated(start, error) || sends >= mostSends) throw uncertain(start, database, error);
    }
  }
}

/**
 * A status from Heroku's router does not mean that nothing goes on behind it (H12 comes after 30 s, and the request works
 * on). A second backup is a nuisance; a second restore would wipe what the first one has filled.
 */
function mayBeRepeated({ noun }: Start, error: unknown): boolean {
  return noun === "backup" && (statusOf(error) ?? 0) >= 500;
}

function highestNumber(transfers: readonly Transfer[]): number {
  return Math.max(0, ...transfers.map((transfer) => transfer.number));
}

/** Repeated only where Heroku refused it for the moment (429), or never got it. */
async function send(api: HerokuApi, start: Start, options: StartOptions): Promise<Transfer> {
  const answer = await api.request("data", {
    method: "POST",
    path: start.path,
    what: start.what,
    ...(start.body === undefined ? {} : { body: start.body }),
    secrets: start.secrets,
    repeat: "if-refused",
    timeoutMs: startTimeoutMs,
    signal: options.signal,
  });
  return parseTransfer(answer);
}

/** A transfer may appear in the list only a moment after it was accepted. */
async function lookFor(
  api: HerokuApi,
  database: TargetDatabase,
  before: number,
  start: Start,
  options: StartOptions,
): Promise<Transfer | undefined> {
  for (const waitMs of options.lookAgainMs ?? patientLooks) {
    await sleep(waitMs, options.signal);
    const found = newest(await listTransfers(api, database, options), before, start.isOurs);
    if (found !== undefined) return found;
  }
  return undefined;
}

function uncertain(start: Start, database: TargetDatabase, cause: unknown): MigrationError {
  const app = database.billingApp.name;
  return new MigrationError(
    `Heroku's answer to the ${start.noun} of ${database.addonName} got lost, and its list shows none that began.`,
    {
      code: start.noun === "restore" ? "RESTORE_UNCERTAIN" : "BACKUP_UNCERTAIN",
      hint: `Look in a few minutes: heroku pg:backups --app ${app}. If no new ${start.noun} is listed, run again.`,
      cause,
    },
  );
}

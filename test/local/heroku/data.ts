import { created, dataTime, invalidParams, notFound, ok, Refusal, type Answer } from "./answers.ts";
import { runCapture } from "./backups.ts";
import { createReadStream } from "node:fs";
import { ownerUrl } from "./connection.ts";
import { describeDatabase } from "./database-info.ts";
import { createExtensions, isExtensionName } from "./extensions.ts";
import { download } from "./htcat.ts";
import { runRestore } from "./restore-worker.ts";
import { route, type Call, type Route, type Stage } from "./routes.ts";
import { addTransfer, findTransfer, listTransfersOf, nameOf, renderTransfer, type Transfer } from "./transfers.ts";
import { endSessions, wipeDatabase } from "./wipe.ts";
import { appNamed, databaseWithId, isAvailable, type Database } from "./world.ts";

const databases = "/client/v11/databases/:id";
const transfers = "/client/v11/apps/:app/transfers";

/** The Data API, `https://api.data.heroku.com`. */
export const dataRoutes: Route[] = [
  route(`GET ${databases}`, async (call) => ok(await describeDatabase(call.stage.world, databaseIn(call)))),
  route(`GET ${databases}/wait_status`, waitStatus),
  route(`POST ${databases}/restores`, startRestore),
  route(`PUT ${databases}/reset`, reset),
  route(`POST ${databases}/backups`, startBackup),
  route(`POST ${databases}/connection_reset`, resetConnections),
  route(`GET ${transfers}`, listTransfers),
  route(`GET ${transfers}/:transfer`, ({ stage, params, query }) =>
    ok(renderTransfer(transferIn(stage, params), query.get("verbose") === "true")),
  ),
  route(`POST ${transfers}/:transfer/actions/cancel`, cancelTransfer),
  route(`POST ${transfers}/:transfer/actions/public-url`, publishBackup),
  route("GET /postgres/v0/databases/:id/credentials", listCredentials),
];

export function isDataPath(path: string): boolean {
  return /^\/(client\/v11|postgres\/v0)\//.test(path);
}

function databaseIn({ stage, params }: Call): Database {
  return databaseWithId(stage.world, params["id"]);
}

/** A database that may be written to. */
function writableIn(call: Call): Database {
  const database = databaseIn(call);
  if (database.following !== null) throw invalidParams("A follower is read-only; unfollow it first.");
  if (!isAvailable(database)) throw invalidParams(`The database is not available: ${database.status}.`);
  return database;
}

function transferIn(stage: Stage, params: Record<string, string>): Transfer {
  const transfer = findTransfer(stage.world, params["app"], params["transfer"] ?? "");
  if (transfer === undefined) throw notFound("transfer");
  return transfer;
}

function waitStatus(call: Call): Answer {
  const { status } = databaseIn(call);
  return ok({ "waiting?": status !== "Available", message: status.toLowerCase() });
}

function listTransfers({ stage, params }: Call): Answer {
  const app = appNamed(stage.world, params["app"]);
  return ok(listTransfersOf(stage.world, app).map((transfer) => renderTransfer(transfer, false)));
}

/** Each accepted POST is a transfer of its own: sent twice, it restores twice, one into the other. */
async function startRestore(call: Call): Promise<Answer> {
  const { stage } = call;
  const database = writableIn(call);
  const url = readBackupUrl(call.body);
  const extensions = readExtensions(call.body);
  const backup = stage.world.transfers.find(({ toType, toUrl }) => toType === "gof3r" && toUrl === url);
  const transfer = addTransfer(stage.world, database.addon, {
    fromName: "BACKUP",
    fromType: backup === undefined ? "htcat" : "gof3r",
    fromUrl: url,
    toName: nameOf(stage.world, database.addon),
    toType: "pg_restore",
    toUrl: ownerUrl(await database.connect()),
  });
  const archive = (signal: AbortSignal): AsyncIterable<Buffer> =>
    backup === undefined ? download(url, signal) : createReadStream(stage.backups.fileOf(backup), { signal });
  const { timings } = stage.world;
  const common = { transfer, database, extensions, archive, faults: { ...stage.faults.restore }, timings };
  stage.work.start(transfer.uuid, (signal) =>
    runRestore({ ...common, directory: stage.directory, signal, cancel: () => cancel(stage, transfer) }),
  );
  return created(renderTransfer(transfer, false));
}

function readBackupUrl(body: unknown): string {
  const text = (body as { backup_url?: unknown } | undefined)?.backup_url;
  const protocol = typeof text === "string" ? URL.parse(text)?.protocol : undefined;
  if (typeof text !== "string" || (protocol !== "http:" && protocol !== "https:")) {
    throw invalidParams("backup_url must be an http or https URL.");
  }
  return text;
}

function readExtensions(body: unknown): string[] {
  const names = (body as { extensions?: unknown } | undefined)?.extensions ?? [];
  if (!Array.isArray(names) || !names.every(isExtensionName)) {
    throw invalidParams("extensions must be an array of names, each with or without a schema before it.");
  }
  return names;
}

/** The worker notices, interrupts pg_restore and marks the end; until then the transfer is canceled and unfinished. */
export function cancel(stage: Stage, transfer: Transfer): void {
  transfer.canceledAt ??= new Date();
  stage.work.stop(transfer.uuid);
}

function cancelTransfer({ stage, params }: Call): Answer {
  const transfer = transferIn(stage, params);
  if (transfer.finishedAt !== null) throw new Refusal(400, "bad_request", "The transfer has already finished.");
  cancel(stage, transfer);
  return created({ canceled_at: dataTime(transfer.canceledAt!) });
}

async function reset(call: Call): Promise<Answer> {
  const database = writableIn(call);
  const extensions = readExtensions(call.body);
  const connection = await database.connect();
  await wipeDatabase(connection);
  await createExtensions(connection, extensions);
  return ok({ message: "Reset successful." });
}

async function resetConnections(call: Call): Promise<Answer> {
  await endSessions(await databaseIn(call).connect());
  return ok({ message: "Connections reset." });
}

async function startBackup(call: Call): Promise<Answer> {
  const { stage } = call;
  const database = databaseIn(call);
  const transfer = addTransfer(stage.world, database.addon, {
    fromName: nameOf(stage.world, database.addon),
    fromType: "pg_dump",
    fromUrl: ownerUrl(await database.connect()),
    toName: "BACKUP",
    toType: "gof3r",
    toUrl: "",
  });
  // Heroku's own bucket: a restore may name this URL, nobody else can read it.
  transfer.toUrl = `https://backups.example.com/${transfer.uuid}`;
  const { directory } = stage;
  const { timings } = stage.world;
  const file = stage.backups.fileOf(transfer);
  stage.work.start(transfer.uuid, (signal) => runCapture({ transfer, database, file, directory, timings, signal }));
  return created(renderTransfer(transfer, false));
}

function publishBackup({ stage, params }: Call): Answer {
  const transfer = transferIn(stage, params);
  if (transfer.toType !== "gof3r" || transfer.succeeded !== true) throw notFound("backup");
  const { url, expiresAt } = stage.backups.publish(transfer, stage.origin, stage.world.timings.publicUrlMs);
  return created({ url, expires_at: dataTime(expiresAt) });
}

async function listCredentials(call: Call): Promise<Answer> {
  const { database, host, owner, port } = await databaseIn(call).connect();
  const login = { user: owner.user, password: owner.password, state: "active", connections: null };
  return ok([{ name: "default", state: "active", database, host, port, credentials: [login] }]);
}

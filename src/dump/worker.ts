import { parentPort, workerData } from "node:worker_threads";
import { MigrationError, describeError, hintOf } from "../errors.ts";
import { DatabaseUrl, type SslMode } from "../postgres/database-url.ts";
import type { Session } from "../postgres/session.ts";
import { joinSnapshot } from "../postgres/snapshot.ts";
import { isTransient, withRetries } from "../retry.ts";
import { Secret } from "../secret.ts";
import { type ItemProgress, ItemReader, nothingRead } from "./item-reader.ts";
import type { FromReader, PieceMessage, ReaderSettings, ToReader } from "./messages.ts";
import type { ReadTask } from "./tasks.ts";

// One reader and its compressor: a thread of its own, with its own connection inside the dump's snapshot.

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread");
const settings = workerData as ReaderSettings;

const url = new DatabaseUrl({
  host: settings.host,
  port: settings.port,
  user: settings.user,
  password: new Secret(settings.password),
  database: settings.database,
  sslMode: settings.sslMode as SslMode,
  tls: {
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    ...(settings.clientCertificate === undefined ? {} : { clientCertificate: settings.clientCertificate }),
    ...(settings.clientKey === undefined ? {} : { clientKey: new Secret(settings.clientKey) }),
  },
});

const reader = new ItemReader(settings);

/** Permission to send the next message; the main thread withholds it while its window is full. */
let permission = Promise.withResolvers<void>();
permission.resolve();
let session: Session | undefined;

port.on("message", (message: ToReader) => {
  if (message.type === "go-on") permission.resolve();
  else if (message.type === "end") void end();
  else void run(message.task);
});

function send(message: FromReader, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer as ArrayBuffer[]);
}

async function end(): Promise<void> {
  await session?.close();
  port?.close();
}

async function run(task: ReadTask): Promise<void> {
  try {
    await readTask(task);
  } catch (error) {
    const code = error instanceof MigrationError ? error.code : undefined;
    send({ type: "failed", message: describeError(error), code, hint: hintOf(error) });
  }
}

/** Pieces of small items travel together; a piece of a big one travels alone. */
const messageBytes = 256 * 1024;

async function readTask(task: ReadTask): Promise<void> {
  let outgoing: PieceMessage[] = [];
  let outgoingBytes = 0;
  const flush = async (isTaskDone: boolean): Promise<void> => {
    // Asked for before sending, so that the next piece is read and compressed while the last one waits for its turn.
    await permission.promise;
    if (!isTaskDone) permission = Promise.withResolvers<void>();
    send(
      { type: "pieces", task: task.number, pieces: outgoing, isTaskDone },
      outgoing.map((piece) => piece.bytes.buffer),
    );
    outgoing = [];
    outgoingBytes = 0;
  };
  for (const number of task.items.keys()) {
    await readWholeItem(task, number, async (piece) => {
      outgoing.push(piece);
      outgoingBytes += piece.bytes.length;
      if (outgoingBytes >= messageBytes) await flush(false);
    });
  }
  await flush(true);
}

/** A lost connection costs what was not yet handed over of this item: the reader joins the snapshot again and goes on. */
async function readWholeItem(
  task: ReadTask,
  number: number,
  take: (piece: PieceMessage) => Promise<void>,
): Promise<void> {
  const item = task.items[number];
  if (item === undefined) return;
  let done: ItemProgress = nothingRead;
  const attempt = async (tryNumber: number): Promise<void> => {
    if (tryNumber > 1) reconnectLater(task);
    for await (const { piece, progress } of reader.read(await connected(), item, number, done)) {
      done = progress;
      await take(piece);
    }
  };
  await withRetries(attempt, {
    what: "reading a slice of the source",
    isRetryable: (error) => isTransient(error) && !isSnapshotLost(error),
  });
}

function reconnectLater(task: ReadTask): void {
  session?.destroy();
  session = undefined;
  send({ type: "retry", task: task.number, message: "a reader lost its connection and joins the snapshot again" });
}

async function connected(): Promise<Session> {
  if (session !== undefined && !session.isLost) return session;
  session = await joinSnapshot(url, settings.snapshotId, { applicationName: settings.applicationName });
  await session.execute(`set client_encoding to '${settings.encoding.replaceAll("'", "''")}'`);
  return session;
}

/** `invalid snapshot identifier` and `… does not exist`: the session that held it is gone. */
function isSnapshotLost(error: unknown): boolean {
  return /snapshot/u.test(describeError(error));
}

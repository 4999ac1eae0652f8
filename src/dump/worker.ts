import { parentPort, workerData } from "node:worker_threads";
import { MigrationError, describeError, hintOf } from "../errors.ts";
import { type ItemProgress, ItemReader, nothingRead } from "./item-reader.ts";
import type { FromReader, PieceMessage, ReaderSettings, ToReader } from "./messages.ts";
import { ReaderSession } from "./reader-session.ts";
import type { ReadTask } from "./tasks.ts";

// One reader and its compressor: a thread of its own, with its own connection inside the dump's snapshot.

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread");
const settings = workerData as ReaderSettings;

const reader = new ItemReader(settings);
const session = new ReaderSession(settings, {
  onRetry: (message) => send({ type: "retry", message }),
  onWait: (message) => send({ type: "waiting", message }),
});

/** Permission to send the next message; the main thread withholds it while its window is full. */
let permission = Promise.withResolvers<void>();
permission.resolve();

port.on("message", (message: ToReader) => {
  if (message.type === "go-on") permission.resolve();
  else if (message.type === "end") void end();
  else void run(message.task);
});

function send(message: FromReader, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer as ArrayBuffer[]);
}

async function end(): Promise<void> {
  await session.close();
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
    const pieces = outgoing;
    outgoing = [];
    outgoingBytes = 0;
    const buffers = pieces.map((piece) => piece.bytes.buffer);
    send({ type: "pieces", task: task.number, pieces, isTaskDone }, buffers);
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

/** A lost connection costs what was not yet handed over of this item. */
async function readWholeItem(
  task: ReadTask,
  number: number,
  take: (piece: PieceMessage) => Promise<void>,
): Promise<void> {
  const item = task.items[number];
  if (item === undefined) return;
  let done: ItemProgress = nothingRead;
  await session.read(item, async (joined) => {
    for await (const { piece, progress } of reader.read(joined, item, number, done)) {
      done = progress;
      await take(piece);
    }
  });
}

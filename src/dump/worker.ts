import { parentPort, workerData } from "node:worker_threads";
import { MigrationError, describeError, hintOf } from "../errors.ts";
import { type ItemProgress, ItemReader, nothingRead } from "./item-reader.ts";
import type { FromReader, ReaderSettings, ToReader } from "./messages.ts";
import { PieceSender } from "./piece-sender.ts";
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
const sender = new PieceSender(send);

port.on("message", (message: ToReader) => {
  if (message.type === "go-on") sender.goOn();
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
    for (const number of task.items.keys()) await readWholeItem(task, number);
    await sender.endTask(task.number);
  } catch (error) {
    const code = error instanceof MigrationError ? error.code : undefined;
    send({ type: "failed", message: describeError(error), code, hint: hintOf(error) });
  }
}

/** A lost connection costs what was not yet handed over of this item. */
async function readWholeItem(task: ReadTask, number: number): Promise<void> {
  const item = task.items[number];
  if (item === undefined) return;
  let done: ItemProgress = nothingRead;
  await session.read(item, async (joined) => {
    for await (const { piece, progress } of reader.read(joined, item, number, done)) {
      done = progress;
      await sender.add(task.number, piece);
    }
  });
}

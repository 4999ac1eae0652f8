import { parentPort } from "node:worker_threads";
import { MigrationError, describeError, hintOf } from "../errors.ts";
import { type ItemProgress, ItemReader, nothingRead } from "./item-reader.ts";
import { groupItems, openItemTexts } from "./item-text.ts";
import type { FromReader, ReaderSettings, ToReader } from "./messages.ts";
import { PieceSender } from "./piece-sender.ts";
import { ReaderSession } from "./reader-session.ts";
import type { ReadItem, ReadTask } from "./tasks.ts";

// One reader and its compressor: a thread of its own, with its own connection inside the dump's snapshot.

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread");

let reader: ItemReader;
let session: ReaderSession;
const sender = new PieceSender(send);

port.on("message", (message: ToReader) => {
  if (message.type === "start") start(message.settings);
  else if (message.type === "go-on") sender.goOn();
  else if (message.type === "end") void end();
  else void run(message.task);
});

function send(message: FromReader, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer as ArrayBuffer[]);
}

function start(settings: ReaderSettings): void {
  reader = new ItemReader(settings);
  session = new ReaderSession(settings, {
    onRetry: (message) => send({ type: "retry", message }),
    onWait: (message) => send({ type: "waiting", message }),
  });
}

async function end(): Promise<void> {
  await session.close();
  port?.close();
}

async function run(task: ReadTask): Promise<void> {
  try {
    let number = 0;
    for (const group of groupItems(task.items)) {
      await readGroup(task, group, number);
      number += group.length;
    }
    await sender.endTask(task.number);
  } catch (error) {
    const code = error instanceof MigrationError ? error.code : undefined;
    send({ type: "failed", message: describeError(error), code, hint: hintOf(error) });
  }
}

/** A lost connection costs what was not yet handed over of one item. */
async function readGroup(task: ReadTask, group: readonly ReadItem[], firstNumber: number): Promise<void> {
  let next = 0;
  let done: ItemProgress = nothingRead;
  const left = (): readonly ReadItem[] => group.slice(next);
  await session.read(left, async (joined) => {
    const items = left();
    const texts = openItemTexts(joined, items);
    for (const item of items) {
      for await (const { piece, progress } of reader.read(texts, item.block, firstNumber + next, done)) {
        done = progress;
        await sender.add(task.number, piece);
      }
      next += 1;
      done = nothingRead;
    }
  });
}

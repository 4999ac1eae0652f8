import { serializeHead } from "../archive/contents.ts";
import { startAndReadContents } from "./contents.ts";
import { editForHeroku } from "./edits.ts";
import type { EngineRequest, EngineResult } from "./engine.ts";

/**
 * pg_dump's own archive, its contents edited on the way. Blocks of entries that were left out stay in the stream: readers
 * skip a block whose id the contents do not have.
 */
export async function dumpPlainly(request: EngineRequest): Promise<EngineResult> {
  const started = await startAndReadContents(request.pgDump);
  // How much pg_dump has left to read, it does not say.
  request.progress.plan(0);
  try {
    const { head, edits } = await editForHeroku(started.head, request.leftOut, request.snapshot.holder);
    await request.write(serializeHead(head));
    await write(request, started.rest);
    for await (const chunk of started.process.output) await write(request, chunk as Buffer);
    const { messages } = await started.process.finished;
    for (const message of messages) request.run.log.warning(message);
    return { head, edits, blocks: [], tables: [], retries: 0, largeObjects: 0 };
  } catch (error) {
    await started.process.stop();
    throw error;
  }
}

async function write(request: EngineRequest, bytes: Buffer): Promise<void> {
  await request.write(bytes);
  request.progress.read(bytes.length, bytes.length, 0);
  request.progress.finish(bytes.length);
}

import { ContentsReader, type ArchiveHead } from "../archive/contents.ts";
import { type PgDumpOptions, type PgDumpProcess, startPgDump } from "../postgres/pg-dump.ts";

export interface StartedDump {
  head: ArchiveHead;
  /** Bytes of data that came with the contents. */
  rest: Buffer;
  process: PgDumpProcess;
}

/** Starts pg_dump and reads its archive up to the first data block. On a pipe the contents are complete before any data. */
export async function startAndReadContents(options: PgDumpOptions): Promise<StartedDump> {
  const process = startPgDump(options);
  try {
    const reader = new ContentsReader();
    for await (const chunk of process.output.iterator({ destroyOnReturn: false })) {
      if (reader.push(chunk as Buffer)) break;
    }
    if (!reader.isComplete) await process.finished;
    const { head, rest } = reader.finish();
    return { head, rest, process };
  } catch (error) {
    await process.stop();
    // What pg_dump said explains more than an archive that ends early.
    await process.finished.catch((reason: unknown) => {
      throw reason;
    });
    throw error;
  }
}

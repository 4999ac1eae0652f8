import { createHash } from "node:crypto";
import type { SequenceSetting } from "./archive/sequences.ts";
import type { BlockRecord } from "./dump/assemble.ts";
import type { Inputs } from "./inputs/inputs.ts";
import { keysOf } from "./keys.ts";
import type { Parties } from "./parties.ts";
import type { ContentsEdit, DumpRecord, ProofRecord, TableRecord } from "./report.ts";
import type { Run } from "./run.ts";
import type { TableCounters } from "./verify/drift.ts";

/** What one migration of a target has reached, beside the archive in the bucket. Plain data without a secret. */
export interface JournalDocument {
  version: 1;
  runId: string;
  runUrl?: string;
  /** ISO 8601. */
  startedAt: string;
  updatedAt: string;
  /** The database it is about: `readSourceIdentity`'s fingerprint. */
  sourceFingerprint: string;
  /** Of the inputs that shape the archive. */
  inputsDigest: string;
  archive?: ArchiveEntry;
  restore?: RestoreEntry;
  /** Set when everything was done; what follows starts anew. */
  completedAt?: string;
}

/** An archive that is complete in the bucket. */
export interface ArchiveEntry {
  dump: DumpRecord;
  edits: ContentsEdit[];
  tables: TableRecord[];
  /** Offsets of every slice, for a restore that reads them in parallel. */
  blocks: BlockRecord[];
  sequences: SequenceSetting[];
  /** Counters of the source when the snapshot was taken: equal ones now mean that nothing was written since. */
  counters: TableCounters;
  finishedAt: string;
  proof?: ProofRecord;
}

export interface RestoreEntry {
  /** Heroku's highest transfer number before it was asked: a later restore from our URL is ours. */
  highestNumberBefore: number;
  transferUuid?: string;
  wayBack?: string;
  succeededAt?: string;
}

/** Inputs with which another archive would have been written. */
export function digestInputs(inputs: Inputs): string {
  const { excludeSchemas, excludeTableData, excludeExtensions, compression, source } = inputs;
  const shaping = { excludeSchemas, excludeTableData, excludeExtensions, compression, database: source.location };
  return createHash("sha256").update(JSON.stringify(shaping)).digest("hex");
}

/** The journal of this run; what an earlier run wrote is in `earlier`. */
export class Journal {
  readonly earlier: JournalDocument | undefined;
  readonly #parties: Parties;
  readonly #key: string;
  #document: JournalDocument;

  private constructor(parties: Parties, key: string, document: JournalDocument, earlier: JournalDocument | undefined) {
    this.#parties = parties;
    this.#key = key;
    this.#document = document;
    this.earlier = earlier;
  }

  static async open(run: Run, parties: Parties, sourceFingerprint: string): Promise<Journal> {
    const { journal: key } = keysOf(parties.bucket, run.inputs.heroku.app, parties.database);
    const found = await parties.bucket.findObject(key, { signal: run.signal });
    const earlier = found === undefined ? undefined : parseJournal(found.content.toString("utf8"));
    const now = new Date().toISOString();
    const { runId, runUrl } = run.platform;
    const document: JournalDocument = {
      version: 1,
      runId,
      ...(runUrl === undefined ? {} : { runUrl }),
      startedAt: now,
      updatedAt: now,
      sourceFingerprint,
      inputsDigest: digestInputs(run.inputs),
    };
    return new Journal(parties, key, document, earlier);
  }

  get document(): Readonly<JournalDocument> {
    return this.#document;
  }

  /** One object, replaced as a whole: a reader sees the old text or the new one. */
  async write(changes: Partial<Pick<JournalDocument, "archive" | "restore" | "completedAt">>): Promise<void> {
    this.#document = { ...this.#document, ...changes, updatedAt: new Date().toISOString() };
    await this.#parties.bucket.putObject(this.#key, Buffer.from(JSON.stringify(this.#document)), {
      contentType: "application/json",
    });
  }
}

/** A journal that cannot be read, or is of another version, is as good as none: the migration starts over. */
export function parseJournal(text: string): JournalDocument | undefined {
  try {
    const document = JSON.parse(text) as JournalDocument;
    return document.version === 1 && typeof document.sourceFingerprint === "string" ? document : undefined;
  } catch {
    return undefined;
  }
}

import { createHash } from "node:crypto";
import type { SequenceSetting } from "./archive/sequences.ts";
import type { BlockRecord } from "./dump/assemble.ts";
import { describeError } from "./errors.ts";
import type { LeftOut } from "./dump/edits.ts";
import type { Inputs } from "./inputs/inputs.ts";
import { keysOf } from "./keys.ts";
import type { Parties } from "./parties.ts";
import type { ContentsEdit, DumpRecord, ProofRecord, StageRecord, TableRecord } from "./report.ts";
import type { Run } from "./run.ts";
import type { Before } from "./state.ts";
import type { Bucket } from "./storage/bucket.ts";
import type { TableCounters } from "./verify/drift.ts";

/** What one migration of a target has reached, beside the archive in the bucket. Plain data without a secret. */
export interface JournalDocument {
  version: 1;
  runId: string;
  runUrl?: string;
  /** ISO 8601. */
  startedAt: string;
  updatedAt: string;
  stages?: Pick<StageRecord, "name" | "outcome" | "startedAt" | "finishedAt">[];
  /** Of app and source, until they are put back: a runner that is lost takes its state file with it. */
  before?: Before;
  archive?: ArchiveEntry;
  backup?: BackupEntry;
  restore?: RestoreEntry;
  /** Set when everything was done; what follows starts anew. */
  completedAt?: string;
}

/** An archive that is complete in the bucket. */
export interface ArchiveEntry {
  /** The run that wrote it. */
  runId: string;
  /** The database it is of: `readSourceIdentity`'s fingerprint. */
  sourceFingerprint: string;
  /** Of the inputs that shape it. */
  inputsDigest: string;
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

/** The safety backup of the target's old content. */
export interface BackupEntry {
  startedAt: string;
  transferUuid?: string;
}

export interface RestoreEntry {
  startedAt: string;
  archiveKey: string;
  /** Heroku's highest transfer number before it was asked: a later restore from our URL is ours. */
  highestNumberBefore: number;
  transferUuid?: string;
  wayBack?: string;
  succeededAt?: string;
}

type JournalChanges = Partial<Pick<JournalDocument, "before" | "archive" | "backup" | "restore" | "completedAt">>;

/** Of the inputs that decide what crosses: gate and migration must have been given the same. */
export function digestExclusions({ excludeSchemas, excludeTableData, excludeExtensions, provider }: Inputs): string {
  return digest({ excludeSchemas, excludeTableData, excludeExtensions, provider });
}

/** Of everything with which another archive would have been written. */
export function digestInputs(inputs: Inputs, leftOut: LeftOut): string {
  const { compression, source } = inputs;
  return digest({ exclusions: digestExclusions(inputs), compression, database: source.location, leftOut });
}

function digest(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** The journal of this run. What an earlier one has reached and not completed is carried on, so that a third knows it too. */
export class Journal {
  readonly earlier: JournalDocument | undefined;
  readonly #run: Run;
  readonly #bucket: Bucket;
  readonly #key: string;
  #document: JournalDocument;

  private constructor(run: Run, bucket: Bucket, key: string, earlier: JournalDocument | undefined) {
    this.#run = run;
    this.#bucket = bucket;
    this.#key = key;
    this.earlier = earlier;
    this.#document = { ...newDocument(run), ...carriedOn(earlier) };
  }

  static async open(run: Run, { bucket, database }: Parties): Promise<Journal> {
    const { journal: key } = keysOf(bucket, run.inputs.heroku.app, database);
    return new Journal(run, bucket, key, await findJournal(bucket, key, run.signal));
  }

  get document(): Readonly<JournalDocument> {
    return this.#document;
  }

  get key(): string {
    return this.#key;
  }

  /** Keys of archives that an unfinished migration of this target wrote and that are not this run's. */
  get archivesLeftBehind(): string[] {
    if (this.earlier?.completedAt !== undefined) return [];
    const { archive, restore } = this.earlier ?? {};
    return [archive?.dump.archiveKey, restore?.archiveKey].filter((key) => key !== undefined);
  }

  /** One object, replaced as a whole: a reader sees the old text or the new one. */
  async write(changes: JournalChanges): Promise<void> {
    const stages = this.#run.report.stages.map(({ name, outcome, startedAt, finishedAt }) => ({
      name,
      outcome,
      startedAt,
      ...(finishedAt === undefined ? {} : { finishedAt }),
    }));
    this.#document = { ...this.#document, ...changes, stages, updatedAt: new Date().toISOString() };
    await putJournal(this.#bucket, this.#key, this.#document);
  }

  /** For what the next run could also find out by itself: not worth a migration that is under way. */
  async note(changes: JournalChanges): Promise<void> {
    await this.write(changes).catch((error: unknown) => {
      this.#run.log.warning(`The journal could not be written: ${describeError(error)}`);
    });
  }

  /** App and source are as they were before. */
  async forgetBefore(): Promise<void> {
    if (this.#document.before === undefined) return;
    const { before: _done, ...rest } = this.#document;
    this.#document = rest;
    await this.note({});
  }
}

function newDocument({ platform }: Run): JournalDocument {
  const { runId, runUrl } = platform;
  const now = new Date().toISOString();
  return { version: 1, runId, ...(runUrl === undefined ? {} : { runUrl }), startedAt: now, updatedAt: now };
}

function carriedOn(earlier: JournalDocument | undefined): JournalChanges {
  if (earlier === undefined) return {};
  const { before, archive, backup, restore, completedAt } = earlier;
  const isUnfinished = completedAt === undefined;
  return {
    ...(before === undefined ? {} : { before }),
    ...(isUnfinished && archive !== undefined ? { archive } : {}),
    ...(isUnfinished && backup !== undefined ? { backup } : {}),
    ...(isUnfinished && restore !== undefined ? { restore } : {}),
  };
}

export async function findJournal(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<JournalDocument | undefined> {
  const found = await bucket.findObject(key, { signal });
  return found === undefined ? undefined : parseJournal(found.content.toString("utf8"));
}

async function putJournal(bucket: Bucket, key: string, document: JournalDocument): Promise<void> {
  await bucket.putObject(key, Buffer.from(JSON.stringify(document)), { contentType: "application/json" });
}

/** For `cleanup`, which has put app and source back. */
export async function clearBefore(bucket: Bucket, key: string): Promise<void> {
  const document = await findJournal(bucket, key);
  if (document?.before === undefined) return;
  const { before: _done, ...rest } = document;
  await putJournal(bucket, key, rest);
}

/** A journal that cannot be read, or is of another version, is as good as none: the migration starts over. */
export function parseJournal(text: string): JournalDocument | undefined {
  try {
    const document = JSON.parse(text) as JournalDocument | null;
    return document?.version === 1 && typeof document.runId === "string" ? document : undefined;
  } catch {
    return undefined;
  }
}

interface SeenTransfer {
  uuid: string;
  number: number;
  toType: string | undefined;
  sourcePlace: string | undefined;
}

/** Whether an unfinished migration of this target has begun this transfer. */
export function isOwnTransfer(journal: JournalDocument | undefined, transfer: SeenTransfer): boolean {
  if (journal === undefined || journal.completedAt !== undefined) return false;
  if (transfer.uuid === journal.backup?.transferUuid) return true;
  return journal.restore !== undefined && isRestoreOf(journal.restore, transfer);
}

/** By uuid; where the answer was lost before it could be noted, by number and source. */
export function isRestoreOf(entry: RestoreEntry, { uuid, number, toType, sourcePlace }: SeenTransfer): boolean {
  if (entry.transferUuid !== undefined) return uuid === entry.transferUuid;
  if (toType !== "pg_restore" || number <= entry.highestNumberBefore) return false;
  return sourcePlace === undefined || safelyDecoded(sourcePlace).endsWith(`/${entry.archiveKey}`);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

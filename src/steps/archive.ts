import { type SequenceSetting, listSequenceSettings } from "../archive/sequences.ts";
import { MigrationError } from "../errors.ts";
import { type DumpedArchive, dump } from "../dump/dump.ts";
import { type ArchiveEntry, type Journal, digestInputs } from "../journal.ts";
import { keysOf } from "../keys.ts";
import type { Parties } from "../parties.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import { listExpectedTables } from "../proof/expected.ts";
import { type Proof, proveArchive } from "../proof/proof.ts";
import type { Run } from "../run.ts";
import type { Secret } from "../secret.ts";
import type { Bucket } from "../storage/bucket.ts";
import { checkPlainGet } from "../storage/ranged-reader.ts";
import { presignGet } from "../storage/presign.ts";
import { type DriftMoment, compareCounters, readCounters } from "../verify/drift.ts";
import { findBegunRestore, holdsArchive } from "./begun-restore.ts";
import type { SourceSide } from "./source-side.ts";

export interface ArchiveRequest {
  run: Run;
  parties: Parties;
  journal: Journal;
  snapshot: Snapshot;
  side: SourceSide;
}

export interface Archive extends Omit<DumpedArchive, "head"> {
  /** What its SEQUENCE SET entries will set. */
  sequences: SequenceSetting[];
  /** What the source's counters said while it was read. */
  moments: DriftMoment[];
  /** The run whose proven archive is used, where nothing had to be dumped. */
  reusedFrom?: string;
  /** The target holds its content already, so the object itself is not needed any more. */
  isRestored?: boolean;
}

/** Dumps, unless an earlier run's proven archive of an unchanged source is there. */
export async function makeOrReuseArchive(request: ArchiveRequest): Promise<Archive> {
  const { run, parties, journal } = request;
  const earlier = journal.earlier?.archive;
  const begun = await findBegunRestore(run, parties, journal);
  const isRestored = earlier !== undefined && holdsArchive(begun, earlier.dump.archiveKey);
  const reason = await whyNotReuse(request, isRestored);
  if (reason === undefined && earlier !== undefined) return reuse(request, earlier, isRestored);
  if (earlier !== undefined) run.log.info(`The earlier run's archive is not used: ${reason}.`);
  return await makeArchive(request);
}

async function makeArchive({ run, parties, journal, snapshot, side }: ArchiveRequest): Promise<Archive> {
  const { counters } = side;
  const { bucket } = parties;
  const key = keysOf(bucket, run.inputs.heroku.app, parties.database).archive(run.platform.runId);
  const dumped = await dump({
    run,
    snapshot,
    client: side.client,
    bucket,
    key,
    leftOut: side.leftOut,
    estimatedBytes: side.sizeBytes,
    connectionRoom: side.connectionRoom,
    sourceMajor: side.majorVersion,
  });
  const { record, edits, tables, blocks } = dumped;
  run.report.dump = record;
  run.report.edits = edits;
  run.report.tables = tables;
  const sequences = listSequenceSettings(dumped.head);
  const archive: ArchiveEntry = {
    runId: run.platform.runId,
    sourceFingerprint: side.fingerprint,
    inputsDigest: digestInputs(run.inputs, side.leftOut),
    dump: record,
    edits,
    tables,
    blocks,
    sequences,
    counters,
    finishedAt: new Date().toISOString(),
  };
  await journal.write({ archive });
  const moments = [
    { moment: "snapshot", counters },
    { moment: "end of dump", counters: await readCounters(run.inputs.source, { signal: run.signal }) },
  ];
  return { record, edits, tables, blocks, sequences, moments };
}

function reuse({ run }: ArchiveRequest, earlier: ArchiveEntry, isRestored: boolean): Archive {
  const reusedFrom = earlier.runId;
  run.report.dump = { ...earlier.dump, reusedFromRun: reusedFrom };
  run.report.edits = earlier.edits;
  run.report.tables = earlier.tables;
  return {
    record: earlier.dump,
    edits: earlier.edits,
    tables: earlier.tables,
    blocks: earlier.blocks,
    sequences: earlier.sequences,
    moments: [{ moment: "snapshot", counters: earlier.counters }],
    reusedFrom,
    isRestored,
  };
}

/** Undefined when the earlier archive may be used as it is. */
async function whyNotReuse(
  { run, parties, journal, side }: ArchiveRequest,
  isRestored: boolean,
): Promise<string | undefined> {
  const { earlier } = journal;
  const archive = earlier?.archive;
  if (earlier === undefined || archive === undefined) return "there is none";
  if (earlier.completedAt !== undefined) return "its migration was completed";
  if (archive.proof === undefined) return "it was not proved";
  if (archive.sourceFingerprint !== side.fingerprint) return "it is of another source";
  if (archive.inputsDigest !== digestInputs(run.inputs, side.leftOut))
    return "inputs that shape the archive have changed";
  const ageHours = (Date.now() - Date.parse(archive.finishedAt)) / 3_600_000;
  if (ageHours > run.inputs.gateMaxAgeHours) return `it is ${ageHours.toFixed(0)} hours old`;
  const { archiveKey, archiveBytes } = archive.dump;
  const head = isRestored ? undefined : await parties.bucket.findHead(archiveKey, { signal: run.signal });
  if (!isRestored && head?.bytes !== archiveBytes) return "the object is gone or has another length";
  const drift = compareCounters(archive.counters, side.counters);
  if (drift.tables.length > 0) return "the source was written to since";
  if (drift.definitionsChanged) return "definitions in the source were changed since";
  return drift.isComplete ? undefined : "the source's counters do not tell whether it was written to since";
}

interface ProofStep extends ArchiveRequest {
  archive: Archive;
}

/** Signs the URL that Heroku will get, and reads the archive back through it. */
export async function proveOnce(request: ProofStep): Promise<{ url: Secret; proof: Proof | undefined }> {
  const { run, parties, journal, archive } = request;
  const { archiveKey: key, archiveBytes: bytes, archiveSha256: sha256 } = archive.record;
  const url = await presignGet(parties.bucket, key, await urlLifetimeSeconds(run, parties.bucket));
  run.keepSecret(url);
  if (archive.isRestored === true) return { url, proof: undefined };
  if (archive.reusedFrom !== undefined) {
    const plain = await checkPlainGet(url, { bytes, name: key, signal: run.signal, log: run.log });
    if (plain.contentLength === bytes) return { url, proof: undefined };
    throw new MigrationError(`The archive ${key} has another length than was proved.`, {
      code: "ARCHIVE_CHANGED",
      hint: "Run again: it is dumped anew.",
    });
  }
  const proof = await proveArchive({
    run,
    url,
    archive: { key, bytes, sha256 },
    expectedTables: await listExpected(request),
    dumpedRows: new Map(archive.blocks.map((block) => [block.dumpId, block.rows])),
  });
  run.report.proof = proof.record;
  const made = journal.document.archive;
  if (made !== undefined) await journal.write({ archive: { ...made, proof: proof.record } });
  // From here on the archive serves a re-run, so cleanup leaves it alone.
  await run.state.clear("archive");
  return { url, proof };
}

async function listExpected({ run, snapshot, side }: ProofStep): ReturnType<typeof listExpectedTables> {
  return await listExpectedTables(snapshot, {
    schemas: side.leftOut.schemas,
    extensions: side.leftOut.extensions,
    tableData: run.inputs.excludeTableData,
    isStandby: side.isStandby,
  });
}

/** The restore may take this much longer than planned before its URL ends. */
const restoreMargin = 2;

/**
 * As planned, or a day where nothing was: a URL that ends early wastes a window. Credentials that end sooner shorten it,
 * as long as twice the planned restore fits; `presignGet` refuses what does not.
 */
async function urlLifetimeSeconds({ report }: Run, bucket: Bucket): Promise<number> {
  const wanted = report.plan?.urlLifetimeSeconds ?? 24 * 3600;
  const expiresAt = await bucket.credentialsExpireAt();
  if (expiresAt === undefined) return wanted;
  const restore = report.plan?.stages.find(({ name }) => name === "restore");
  const needed = Math.max(900, (restore?.minutes ?? 60) * 60 * restoreMargin);
  const left = (expiresAt.getTime() - Date.now()) / 1000 - 5;
  return Math.min(wanted, Math.max(needed, left));
}

import { chooseJobs } from "../jobs.ts";
import { partBytesFor } from "../storage/part-size.ts";
import type { MigrationPlan } from "../report.ts";
import { type Relation, dataBytes, isTable } from "./catalog/relations.ts";
import type { TableSample } from "./sample.ts";

export interface PlanFacts {
  relations: readonly Relation[];
  sourceBytes: number;
  samples: readonly TableSample[];
  cpuCount: number;
  isSourceLocal: boolean;
  /** At the source, for this user. */
  freeConnections: number;
  jobs: number | "auto";
  uploadBytesPerSecond?: number;
  /** What a safety backup would have to read; 0 where none is made. */
  targetBytes: number;
  verifies: boolean;
  /** ISO 8601; absent for credentials that last. */
  credentialsExpireAt?: string;
  now: Date;
}

const mebibyte = 2 ** 20;
/** Heap and TOAST of one slice: what one reader takes at a time. */
export const sliceBytes = 32 * mebibyte;
const partsInFlight = 3;
/** One reader's window of text and compressed pieces. */
const readerBytes = 64 * mebibyte;
const baseBytes = 96 * mebibyte;
/** For the snapshot's holder and pg_dump. */
const sparedConnections = 2;

/**
 * Rates that cannot be measured before the window, from published migrations: 70 GB restored in 27 minutes (43 MB/s,
 * parallel) and 100 GB moved in 60 (28 MB/s). Heroku restores with one process, so the plan counts on less.
 */
const assumed = {
  readBytesPerSecond: 40e6,
  compressBytesPerSecond: 40e6,
  uploadBytesPerSecond: 25e6,
  restoreBytesPerSecond: 20e6,
  indexBytesPerSecond: 15e6,
  verifyBytesPerSecond: 80e6,
  backupBytesPerSecond: 25e6,
} as const;

const restoreStartSeconds = 60;
const windowMargin = 1.25;
const longestUrlSeconds = 7 * 24 * 3600;
const shortestUrlSeconds = 24 * 3600;

/** Sizes, times and resources of the migration, from what the gate has measured. */
export function planMigration(facts: PlanFacts): MigrationPlan {
  const tables = facts.relations.filter(isTable);
  const estimate = estimateText(tables, facts.samples);
  const archiveBytes = Math.ceil(estimate.textBytes / estimate.ratio);
  const { cpuCount: processors, isSourceLocal, freeConnections } = facts;
  const connectionRoom = freeConnections - sparedConnections;
  const jobs = chooseJobs({ jobs: facts.jobs, processors, isSourceLocal, connectionRoom });
  const partBytes = partBytesFor(facts.sourceBytes);
  const rates = measuredRates(facts.samples);
  const stages = planStages(facts, { textBytes: estimate.textBytes, archiveBytes, jobs, ...rates });
  const minutes = sum(stages.map((stage) => stage.minutes));
  return {
    sourceBytes: facts.sourceBytes,
    archiveBytes,
    compressionRatio: round(estimate.ratio),
    ...(rates.readBytesPerSecond === undefined ? {} : { readBytesPerSecond: Math.round(rates.readBytesPerSecond) }),
    ...(facts.uploadBytesPerSecond === undefined
      ? {}
      : { uploadBytesPerSecond: Math.round(facts.uploadBytesPerSecond) }),
    jobs,
    partBytes,
    memoryBytes: baseBytes + jobs * readerBytes + partsInFlight * partBytes,
    stages,
    windowMinutes: Math.ceil(minutes * windowMargin),
    urlLifetimeSeconds: urlLifetime(facts, stages.find(({ name }) => name === "restore")?.minutes ?? 0),
    tables: tables
      .map((table) => tablePlan(table))
      .toSorted((a, b) => b.bytes - a.bytes || (a.table < b.table ? -1 : 1)),
  };
}

function tablePlan(table: Relation): MigrationPlan["tables"][number] {
  return {
    schema: table.schema,
    table: table.name,
    bytes: dataBytes(table),
    estimatedRows: Math.max(0, Math.round(table.estimatedRows)),
    slices: Math.max(1, Math.ceil(dataBytes(table) / sliceBytes)),
  };
}

/** COPY text of the whole database and how well it compresses: each sampled table by its own sample, the others by all. */
function estimateText(
  tables: readonly Relation[],
  samples: readonly TableSample[],
): { textBytes: number; ratio: number; textOf: (table: Relation) => number } {
  const sampled = new Map(samples.map((sample) => [sample.oid, sample]));
  const own = (table: Relation): number | undefined => textFromSample(table, sampled.get(table.oid));
  const known = tables.filter((table) => own(table) !== undefined);
  const knownData = sum(known.map(dataBytes));
  const textPerByte = knownData === 0 ? 1 : sum(known.map((table) => own(table) ?? 0)) / knownData;
  const textOf = (table: Relation): number => own(table) ?? dataBytes(table) * textPerByte;
  const weighted = known.map((table) => {
    const sample = sampled.get(table.oid) as TableSample;
    return (textOf(table) * sample.compressedBytes) / sample.textBytes;
  });
  const knownText = sum(known.map(textOf));
  const ratio = knownText === 0 ? 3 : knownText / Math.max(1, sum(weighted));
  return { textBytes: sum(tables.map(textOf)), ratio, textOf };
}

function textFromSample(table: Relation, sample: TableSample | undefined): number | undefined {
  if (sample === undefined || table.estimatedRows <= 0) return undefined;
  return (sample.textBytes / sample.rows) * table.estimatedRows;
}

interface Work {
  textBytes: number;
  archiveBytes: number;
  jobs: number;
  readBytesPerSecond?: number;
  compressBytesPerSecond?: number;
}

function planStages(facts: PlanFacts, work: Work): MigrationPlan["stages"] {
  const readers = Math.min(work.jobs, facts.cpuCount * 2);
  const compressors = Math.min(work.jobs, facts.cpuCount);
  const upload = facts.uploadBytesPerSecond ?? assumed.uploadBytesPerSecond;
  const uploadSeconds = work.archiveBytes / upload;
  const dumpSeconds = Math.max(
    work.textBytes / ((work.readBytesPerSecond ?? assumed.readBytesPerSecond) * readers),
    work.textBytes / ((work.compressBytesPerSecond ?? assumed.compressBytesPerSecond) * compressors),
    uploadSeconds,
  );
  const indexBytes = sum(facts.relations.map((relation) => relation.indexBytes));
  const restoreSeconds =
    restoreStartSeconds + work.textBytes / assumed.restoreBytesPerSecond + indexBytes / assumed.indexBytesPerSecond;
  const stages: [MigrationPlan["stages"][number]["name"], number][] = [
    ["quiesce", 30],
    ["dump", dumpSeconds + 20],
    ["proof", uploadSeconds + 10],
    ["safety-backup", facts.targetBytes === 0 ? 0 : 60 + facts.targetBytes / assumed.backupBytesPerSecond],
    ["restore", restoreSeconds],
    ["verify", facts.verifies ? 10 + work.textBytes / assumed.verifyBytesPerSecond : 0],
    ["finish", 30],
  ];
  return stages.filter(([, seconds]) => seconds > 0).map(([name, seconds]) => ({ name, minutes: round(seconds / 60) }));
}

/** Rates of one connection and one core; absent where too little was read to tell. */
function measuredRates(samples: readonly TableSample[]): Pick<Work, "readBytesPerSecond" | "compressBytesPerSecond"> {
  const bytes = sum(samples.map((sample) => sample.textBytes));
  if (bytes < 256 * 1024) return {};
  return {
    readBytesPerSecond: bytes / (sum(samples.map((sample) => sample.readMs)) / 1000),
    compressBytesPerSecond: bytes / (sum(samples.map((sample) => sample.compressMs)) / 1000),
  };
}

/** Long enough for a restore four times slower than planned; a URL signed by temporary credentials dies with them. */
function urlLifetime(facts: PlanFacts, restoreMinutes: number): number {
  const wanted = Math.min(longestUrlSeconds, Math.max(shortestUrlSeconds, restoreMinutes * 60 * 4));
  if (facts.credentialsExpireAt === undefined) return Math.ceil(wanted);
  const left = (new Date(facts.credentialsExpireAt).getTime() - facts.now.getTime()) / 1000;
  return Math.max(0, Math.floor(Math.min(wanted, left)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}

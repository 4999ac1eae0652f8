import type { RestoreRecord } from "../report.ts";

export interface RestoreStep {
  /** `TABLE`, `TABLE DATA`, `INDEX` … as pg_restore calls it; empty for what belongs to no object. */
  kind: string;
  name: string;
  at: string;
  /** Until the next line: pg_restore announces a step and says nothing when it ends. */
  seconds: number;
  lines: string[];
  isProblem: boolean;
}

export interface RestorePhase {
  kind: string;
  at: string;
  seconds: number;
  steps: RestoreStep[];
  problems: number;
}

/** pg_restore's verbose log as objects, and neighbouring objects of one phase together. */
export function groupRestoreLog(logLines: RestoreRecord["logLines"]): RestorePhase[] {
  const phases: RestorePhase[] = [];
  for (const step of listSteps(logLines)) {
    const last = phases.at(-1);
    const kind = phaseOf(step.kind, last?.kind);
    const phase = last?.kind === kind ? last : { kind, at: step.at, seconds: 0, steps: [], problems: 0 };
    if (phase !== last) phases.push(phase);
    phase.steps.push(step);
    phase.seconds += step.seconds;
    if (step.isProblem) phase.problems += 1;
  }
  return phases;
}

/** Kinds that take time, and come in blocks after everything was defined. */
const ownPhases: ReadonlySet<string> = new Set([
  "TABLE DATA",
  "SEQUENCE SET",
  "BLOBS",
  "BLOB",
  "CONSTRAINT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "MATERIALIZED VIEW DATA",
  "TRIGGER",
  "RULE",
  "POLICY",
]);

/** Tables, sequences, types … come mixed, table by table; comments and privileges come with what they are about. */
function phaseOf(kind: string, current: string | undefined): string {
  if (kind === "" || ownPhases.has(kind)) return kind;
  const isAttached = ["COMMENT", "ACL", "SECURITY LABEL"].includes(kind);
  return isAttached && current !== undefined && current !== "" ? current : definitions;
}

const definitions = "DEFINITIONS";

function listSteps(logLines: RestoreRecord["logLines"]): RestoreStep[] {
  const steps: RestoreStep[] = [];
  for (const [index, { at, message }] of logLines.entries()) {
    const object = parseObject(message);
    const current = steps.at(-1);
    const belongs = object === undefined && current !== undefined && (isContinuation(message) || current.kind === "");
    const isSame = object !== undefined && current?.kind === object.kind && current.name === object.name;
    const step = (belongs || isSame) && current !== undefined ? current : newStep(at, object);
    if (step !== current) steps.push(step);
    step.lines.push(message);
    step.seconds += secondsBetween(at, logLines[index + 1]?.at ?? at);
    step.isProblem ||= isProblemLine(message);
  }
  return steps;
}

function newStep(at: string, object: { kind: string; name: string } | undefined): RestoreStep {
  return { kind: object?.kind ?? "", name: object?.name ?? "", at, seconds: 0, lines: [], isProblem: false };
}

function secondsBetween(from: string, to: string): number {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

/** pg_backup_archiver.c: `creating %s "%s.%s"`, `processing data for table "%s.%s"`, `executing %s %s`, `from TOC entry …`. */
function parseObject(message: string): { kind: string; name: string } | undefined {
  const text = message.replace(/^pg_restore: /u, "");
  const created = /^creating ([A-Z][A-Z ]*[A-Z]) "(.*)"$/u.exec(text);
  if (created !== null) return { kind: created[1] ?? "", name: created[2] ?? "" };
  const data = /^processing data for table "(.*)"$/u.exec(text);
  if (data !== null) return { kind: "TABLE DATA", name: data[1] ?? "" };
  const executed = /^executing ([A-Z][A-Z ]*[A-Z]) (.*)$/u.exec(text);
  if (executed !== null) return { kind: executed[1] ?? "", name: executed[2] ?? "" };
  const entry = /^from TOC entry \d+; \d+ \d+ ([A-Z][A-Z ]*[A-Z]) (.*) \S+$/u.exec(text);
  return entry === null ? undefined : { kind: entry[1] ?? "", name: entry[2] ?? "" };
}

function isProblemLine(message: string): boolean {
  return /^(?:pg_restore: )?(?:error|fatal|warning):/iu.test(message) || message.startsWith("aborting: ");
}

/** What pg_restore prints under an entry that failed. */
function isContinuation(message: string): boolean {
  return /^(?:pg_restore: error: could not execute query|Command was: |DETAIL: |HINT: |CONTEXT: |\s)/u.test(message);
}

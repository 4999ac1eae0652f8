import { applicationNameOf } from "../application-name.ts";
import { listNames, plural } from "../format.ts";
import type { DriftRecord } from "../report.ts";
import type { Run } from "../run.ts";
import { confirmDrift } from "../verify/confirm-drift.ts";
import { type DriftMoment, compareCounters, describeDrift, readCounters } from "../verify/drift.ts";
import type { Fingerprint } from "../verify/fingerprint-model.ts";
import type { Archive } from "./archive.ts";
import type { SourceSide } from "./source-side.ts";

interface DriftRequest {
  run: Run;
  archive: Archive;
  side: SourceSide;
  /** Or why there is none. */
  fingerprint: Fingerprint | { unread: unknown };
}

/** The code that accepts rows which came after the snapshot. */
const driftCode = "SOURCE_DRIFT";

/** Rows that came after the snapshot are not in the target, however well the rest matches. */
export async function judgeDrift(request: DriftRequest): Promise<void> {
  const { run } = request;
  const drift = await readDrift(request);
  run.report.drift = drift;
  if (drift.unavailable !== undefined) {
    run.log.warning(`Whether the source was written to meanwhile is not known: ${drift.unavailable}.`);
    if (run.report.verdict === "migrated" && !drift.accepted && run.state.current.freeze === undefined) {
      run.report.verdict = "unverified";
      run.report.headline = `Source and target match, but whether rows came after the snapshot is not known: ${drift.unavailable}.`;
    }
    run.report.nextSteps.push(
      "Make sure by yourself that nothing was written to the source since the dump: its counters do not say.",
    );
  }
  if (drift.tables.length > 0) judgeWrites(run, drift);
}

async function readDrift({ run, archive, side, fingerprint }: DriftRequest): Promise<DriftRecord> {
  const { inputs, signal, log } = run;
  const last = { moment: "end of verification", counters: await readCounters(inputs.source, { signal }) };
  const exclusions = { excludeSchemas: side.leftOut.schemas, excludeTableData: listLeftBehind(run, archive) };
  noteDefinitions(run, [archive.moments[0], last]);
  const drift = describeDrift([...archive.moments, last], inputs.accept.includes(driftCode), exclusions);
  if ("unread" in fingerprint) return drift;
  const applicationName = applicationNameOf("drift", run.platform.runId);
  return await confirmDrift(drift, fingerprint, inputs.source, {
    kind: fingerprint.kind,
    jobs: 1,
    applicationName,
    signal,
    log,
    ...exclusions,
  });
}

/** Rows that were not to cross may change as they like: excluded ones, and the tables of extensions left behind. */
function listLeftBehind({ inputs }: Run, { edits }: Archive): { schema: string; table: string }[] {
  const removed = edits.filter(({ kind, object }) => kind === "removed" && object === "TABLE DATA");
  return [...inputs.excludeTableData, ...removed.map(({ schema, name }) => ({ schema: schema ?? "", table: name }))];
}

/** A table or function made after the snapshot is not in the target; temporary tables move the same counter. */
function noteDefinitions({ report, log }: Run, [first, last]: readonly (DriftMoment | undefined)[]): void {
  if (first === undefined || last === undefined) return;
  if (!compareCounters(first.counters, last.counters).definitionsChanged) return;
  log.warning("Definitions in the source changed after its snapshot, or temporary tables were made.");
  report.nextSteps.push(
    "Definitions in the source changed after its snapshot (or only temporary tables were made): if somebody deployed meanwhile, migrate again.",
  );
}

function judgeWrites({ report, log }: Run, drift: DriftRecord): void {
  const rows = drift.tables.reduce((sum, table) => sum + table.inserted + table.updated + table.deleted, 0);
  const names = listNames(drift.tables.map(({ schema, table }) => `${schema}.${table}`));
  const sentence = `The source was written to after its snapshot: ${plural(rows, "row")} in ${names}, which the target does not have.`;
  log.warning(sentence);
  if (drift.accepted || report.verdict !== "migrated") return;
  report.verdict = "mismatch";
  report.headline = sentence;
  report.nextSteps.unshift(
    `Keep writers away from the source (freeze-source, maintenance mode) and run again, or accept ${driftCode} if those rows may be lost.`,
  );
}

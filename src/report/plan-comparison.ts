import { formatBytes, formatSeconds } from "../format.ts";
import type { Report, StageRecord } from "../report.ts";

interface PlannedFact {
  what: string;
  planned: string;
  /** Undefined while it has not happened. */
  actual: string | undefined;
}

/** What the gate promised beside what came: stages, window, bytes, speeds. */
export function comparePlan(report: Report): PlannedFact[] {
  const { plan, dump } = report;
  if (plan === undefined) return [];
  const stages = plan.stages.map(({ name, minutes }) => ({
    what: name,
    planned: formatSeconds(minutes * 60),
    actual: spent(report.stages.find((stage) => stage.name === name)),
  }));
  const window = windowSeconds(report);
  return [
    ...stages,
    {
      what: "maintenance window",
      planned: formatSeconds(plan.windowMinutes * 60),
      actual: window === undefined ? undefined : formatSeconds(window),
    },
    { what: "archive", planned: formatBytes(plan.archiveBytes), actual: dump && formatBytes(dump.archiveBytes) },
    ...speed("reading", plan.readBytesPerSecond, dump && dump.copyBytes / dump.seconds),
    ...speed("uploading", plan.uploadBytesPerSecond, dump && dump.archiveBytes / dump.seconds),
  ];
}

function spent(stage: StageRecord | undefined): string | undefined {
  if (stage === undefined) return undefined;
  if (stage.outcome === "skipped") return "skipped";
  if (stage.seconds === undefined) return undefined;
  return stage.outcome === "failed" ? `failed after ${formatSeconds(stage.seconds)}` : formatSeconds(stage.seconds);
}

function speed(what: string, planned: number | undefined, actual: number | undefined): PlannedFact[] {
  if (planned === undefined) return [];
  const isKnown = actual !== undefined && Number.isFinite(actual);
  return [{ what, planned: `${formatBytes(planned)}/s`, actual: isKnown ? `${formatBytes(actual)}/s` : undefined }];
}

export interface WindowSpan {
  from: number;
  /** Undefined while the window is still open. */
  to: number | undefined;
}

/** The maintenance window in milliseconds since the epoch: as recorded, else from quiesce to the end of the last stage. */
export function findWindow(report: Report): WindowSpan | undefined {
  const { window, stages } = report;
  if (window !== undefined) return spanOf(window.startedAt, window.finishedAt);
  const quiesce = stages.find((stage) => stage.name === "quiesce" && stage.outcome !== "skipped");
  return quiesce && spanOf(quiesce.startedAt, stages.at(-1)?.finishedAt);
}

function spanOf(from: string, to: string | undefined): WindowSpan {
  return { from: Date.parse(from), to: to === undefined ? undefined : Date.parse(to) };
}

export function windowSeconds(report: Report): number | undefined {
  const window = findWindow(report);
  return window?.to === undefined ? undefined : (window.to - window.from) / 1000;
}

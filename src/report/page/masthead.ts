import { h } from "preact";
import { formatBytes, formatCount, formatSeconds } from "../../format.ts";
import type { Report } from "../../report.ts";
import { countInWords, listFindings } from "../findings.ts";
import { windowSeconds } from "../plan-comparison.ts";
import { verdictWords } from "../verdict.ts";
import { type Content, copyable, isolated, prose } from "./element.ts";

/** The verdict, in words and colour, and the few numbers that carry it. */
export function renderMasthead(report: Report): Content {
  const { tone, words } = verdictWords[report.verdict];
  return h(
    "header",
    { class: `masthead ${tone}` },
    h("p", { class: "eyebrow" }, `Migrate to Heroku Postgres, ${report.command}, ${readableTime(report.startedAt)}`),
    h("h1", null, h("span", { class: "verdict" }, words), " ", h("span", { class: "app" }, isolated(report.app))),
    h("p", { class: "headline" }, prose(report.headline)),
    route(report),
    h("dl", { class: "figures" }, listFigures(report).map(renderFigure)),
  );
}

/** `3 October 2026, 21:00 UTC` */
export function readableTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  }).format(time);
  return `${day}, ${time.toISOString().slice(11, 16)} UTC`;
}

function route({ source, target }: Report): Content {
  return h(
    "dl",
    { class: "route" },
    source &&
      h(
        "div",
        null,
        h("dt", null, "From"),
        h("dd", null, prose(`${source.providerName}, PostgreSQL ${source.serverVersion}`)),
        h(
          "dd",
          { class: "detail" },
          prose(`\`${source.database}\`, ${formatBytes(source.sizeBytes)}, on ${source.host}`),
        ),
      ),
    target &&
      h(
        "div",
        null,
        h("dt", null, "To"),
        h("dd", null, prose(`Heroku ${target.plan}, PostgreSQL ${target.serverVersion}`)),
        h(
          "dd",
          { class: "detail" },
          prose(`\`${target.addonName}\`${target.region === undefined ? "" : ` in ${target.region}`}`),
        ),
      ),
  );
}

interface Figure {
  label: string;
  value: string;
  note?: string | undefined;
}

function renderFigure({ label, value, note }: Figure): Content {
  const detail = note === undefined ? null : h("dd", { class: "detail" }, note);
  return h("div", null, h("dt", null, label), h("dd", { class: "value" }, value), detail);
}

function listFigures(report: Report): Figure[] {
  return [
    ...windowFigure(report),
    ...rowsFigure(report),
    ...archiveFigure(report),
    ...restoreFigure(report),
    ...findingsFigure(report),
  ];
}

function windowFigure(report: Report): Figure[] {
  const planned = report.plan && formatSeconds(report.plan.windowMinutes * 60);
  const actual = windowSeconds(report);
  if (actual !== undefined) {
    return [{ label: "Maintenance window", value: formatSeconds(actual), note: planned && `planned ${planned}` }];
  }
  if (report.command === "preflight" && planned !== undefined) return [{ label: "Window to announce", value: planned }];
  return report.window === undefined ? [] : [{ label: "Maintenance window", value: "still open" }];
}

const comparedWords = {
  match: "all the same",
  mismatch: "not the same",
  "could-not-complete": "not completed",
} as const;

function rowsFigure({ verification, plan, source, command, dump }: Report): Figure[] {
  if (verification !== undefined) {
    return [
      {
        label: "Rows compared",
        value: formatCount(verification.rowsCompared),
        note: comparedWords[verification.outcome],
      },
    ];
  }
  if (dump !== undefined) return [{ label: "Rows dumped", value: formatCount(dump.rows), note: "not compared yet" }];
  if (command !== "preflight" || source === undefined) return [];
  const tables = plan === undefined ? source.tableCount : plan.tables.length;
  return [{ label: "To move", value: formatBytes(source.sizeBytes), note: `${formatCount(tables)} tables` }];
}

function archiveFigure({ dump, plan }: Report): Figure[] {
  if (dump !== undefined) {
    const ratio =
      dump.archiveBytes > 0
        ? `${(dump.copyBytes / dump.archiveBytes).toFixed(1)} times smaller than its rows`
        : undefined;
    return [{ label: "Archive", value: formatBytes(dump.archiveBytes), note: ratio }];
  }
  return plan === undefined ? [] : [{ label: "Archive, estimated", value: formatBytes(plan.archiveBytes) }];
}

function restoreFigure({ restore, failure }: Report): Figure[] {
  if (restore === undefined) return [];
  const harmful = restore.skipped.filter((problem) => !problem.harmless).length;
  const note = failure?.stage === "restore" ? "stopped" : `in ${formatSeconds(restore.seconds)}`;
  return [{ label: "Errors skipped by the restore", value: formatCount(harmful), note }];
}

function findingsFigure({ checks }: Report): Figure[] {
  if (checks.length === 0) return [];
  const counts = countInWords(listFindings(checks));
  const passed = checks.filter((check) => check.outcome === "pass").length;
  return [
    {
      label: "Checks passed",
      value: `${formatCount(passed)} of ${formatCount(checks.length)}`,
      note: counts === "" ? undefined : counts,
    },
  ];
}

/** The word by which docs/when-it-fails.md lists it. */
function codeOf({ code }: { code?: string }): Content {
  return code === undefined ? null : [" ", h("code", null, code)];
}

/** Where things stand after a failure, and the way back. */
export function renderFailure({ failure, restore }: Report): Content {
  if (failure === undefined) return null;
  return h(
    "section",
    { id: "failure", class: "callout bad", "aria-labelledby": "failure-title" },
    h("h2", { id: "failure-title" }, "What failed, and where things stand"),
    h("p", null, h("strong", null, failure.stage, ": "), prose(failure.message), codeOf(failure)),
    h("p", null, prose(failure.targetState)),
    failure.hint === undefined ? null : h("p", null, h("strong", null, "Remedy: "), prose(failure.hint)),
    restore?.wayBack === undefined
      ? null
      : [
          h("p", null, "The way back to the content of before:"),
          copyable(restore.wayBack, "the command that restores the old content"),
        ],
  );
}

const mostSteps = 50;

export function renderNextSteps({ nextSteps }: Report): Content {
  if (nextSteps.length === 0) return null;
  return h(
    "section",
    { id: "next", class: "callout", "aria-labelledby": "next-title" },
    h("h2", { id: "next-title" }, "What to do now"),
    h(
      "ol",
      null,
      nextSteps.slice(0, mostSteps).map((step) => h("li", null, prose(step))),
    ),
  );
}

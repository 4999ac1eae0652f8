import { h } from "preact";
import { formatCount, formatSeconds, plural } from "../../format.ts";
import type { Difference, DriftRecord, Report, VerificationRecord } from "../../report.ts";
import { dataTable, plainTable } from "./data-table.ts";
import { type Content, folded, name, type PageSection, prose } from "./element.ts";

const outcomeWords: Readonly<Record<VerificationRecord["outcome"], string>> = {
  match: "Everything that was compared is the same.",
  mismatch: "Source and target differ.",
  "could-not-complete": "The comparison could not be completed.",
};

/** What was compared, what differs, what was expected to differ, and whether the source moved on. */
export function verificationSection({ verification, drift }: Report): PageSection | undefined {
  if (verification === undefined) return undefined;
  const { differences, known, unread = [], note } = verification;
  return {
    id: "verification",
    title: "Verification",
    lede: describe(verification),
    content: [
      note === undefined ? null : h("p", null, prose(note)),
      differences.length === 0 ? null : differenceTable(differences),
      unread.length === 0 ? null : unreadTable(unread),
      known.length === 0 ? null : folded(expectedSummary(known), knownTable(known)),
      drift === undefined ? null : describeDrift(drift),
    ],
  };
}

function describe({
  outcome,
  tablesCompared,
  rowsCompared,
  objectsCompared,
  seconds,
  live,
  kind,
}: VerificationRecord): Content {
  const amount = `${plural(tablesCompared, "table")}, ${plural(rowsCompared, "row")} and ${plural(objectsCompared, "object")} compared in ${formatSeconds(seconds)} (${kind}).`;
  const basis = live ? "Both sides were read live." : "The source was read in the dump's own snapshot.";
  return [h("strong", { class: `outcome ${outcome}` }, outcomeWords[outcome]), ` ${amount} ${basis}`];
}

function differenceTable(differences: readonly Difference[]): Content {
  return dataTable({
    id: "differences",
    caption: plural(differences.length, "difference"),
    searched: "differences",
    elsewhere: "verification.json",
    rows: differences,
    columns: [
      { label: "name", cell: (row) => name(row.name) },
      { label: "object", cell: (row) => prose(row.object) },
      { label: "kind", cell: (row) => h("span", { class: "status bad" }, row.kind) },
      { label: "difference", cell: (row) => prose(row.detail) },
      { label: "keys", cell: (row) => listKeys(row.keys ?? []) },
    ],
  });
}

function unreadTable(unread: NonNullable<VerificationRecord["unread"]>): Content {
  return dataTable({
    id: "unread",
    caption: `${plural(unread.length, "object")} that could not be read, so nothing is said of them`,
    elsewhere: "verification.json",
    rows: unread,
    columns: [
      { label: "name", cell: (row) => name(row.name) },
      { label: "object", cell: (row) => prose(row.object) },
      { label: "why", cell: (row) => prose(row.reason) },
    ],
  });
}

const firstKeys = 10;

function listKeys(keys: readonly string[]): Content {
  const shown = keys.slice(0, firstKeys).flatMap((key, index) => (index === 0 ? [name(key)] : [", ", name(key)]));
  return keys.length > firstKeys ? [...shown, ` and ${formatCount(keys.length - firstKeys)} more`] : shown;
}

function expectedSummary(known: VerificationRecord["known"]): string {
  return plural(
    known.reduce((sum, { count }) => sum + count, 0),
    "difference that was expected",
    "differences that were expected",
  );
}

function knownTable(known: VerificationRecord["known"]): Content {
  const rows = known.map(({ what, reason, count }) => [prose(what), formatCount(count), prose(reason)]);
  return plainTable("Expected differences", ["what", "times", "why"], rows);
}

function describeDrift(drift: DriftRecord): Content {
  return [
    h("h3", null, "Writes after the snapshot"),
    h("p", null, driftSentence(drift)),
    drift.tables.length === 0 ? null : driftTable(drift.tables),
    folded("Positions in the source's write-ahead log", positionTable(drift.positions)),
  ];
}

function driftSentence({ tables, accepted, unavailable }: DriftRecord): Content {
  if (unavailable !== undefined) return ["Whether the source changed is not known: ", prose(unavailable)];
  if (tables.length === 0) return "No table of the source changed after the snapshot.";
  const changed = `${plural(tables.length, "table")} of the source changed after the snapshot`;
  return accepted ? `${changed}; this was accepted.` : `${changed}.`;
}

function driftTable(tables: DriftRecord["tables"]): Content {
  return dataTable({
    id: "drift",
    caption: "Tables that changed",
    rows: tables,
    columns: [
      { label: "table", cell: (row) => name(`${row.schema}.${row.table}`) },
      { label: "inserted", number: true, cell: (row) => formatCount(row.inserted), value: (row) => row.inserted },
      { label: "updated", number: true, cell: (row) => formatCount(row.updated), value: (row) => row.updated },
      { label: "deleted", number: true, cell: (row) => formatCount(row.deleted), value: (row) => row.deleted },
      { label: "rewritten", cell: (row) => (row.rewritten === true ? "yes" : "no") },
    ],
  });
}

function positionTable(positions: DriftRecord["positions"]): Content {
  const rows = positions.map(({ moment, at, lsn }) => [
    prose(moment),
    at.slice(11, 19),
    lsn === null ? "not readable" : name(lsn),
  ]);
  return plainTable("Write-ahead log positions", ["moment", "at (UTC)", "position"], rows);
}

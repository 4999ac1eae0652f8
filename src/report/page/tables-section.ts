import { h } from "preact";
import { formatBytes, formatCount, formatSeconds, plural } from "../../format.ts";
import type { MigrationPlan, Report, TableRecord } from "../../report.ts";
import { type Column, dataTable } from "./data-table.ts";
import { type Content, name, type PageSection } from "./element.ts";

/** Every table, the largest first: as moved, or as planned before anything moved. */
export function tablesSection({ tables, plan }: Report): PageSection | undefined {
  if (tables !== undefined && tables.length > 0) return movedTables(tables);
  return plan === undefined || plan.tables.length === 0 ? undefined : plannedTables(plan.tables);
}

function movedTables(tables: readonly TableRecord[]): PageSection {
  const rows = tables.toSorted((a, b) => b.bytes - a.bytes);
  const largest = rows[0]?.bytes ?? 0;
  return {
    id: "tables",
    title: "Tables",
    lede: describe(rows),
    content: dataTable({
      id: "tables-table",
      caption: "Tables by size of their rows",
      searched: "tables",
      elsewhere: "verification.json",
      sortedBy: 1,
      rows,
      columns: movedColumns(largest),
    }),
  };
}

function describe(tables: readonly TableRecord[]): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const differing = tables.filter((table) => table.verification === "mismatch").length;
  const compared = tables.filter((table) => table.verification === "match").length;
  const result = differing > 0 ? `${formatCount(differing)} differ` : `${formatCount(compared)} compared and the same`;
  return `${plural(tables.length, "table")}, ${plural(rows, "row")}, ${formatBytes(bytes)}; ${result}.`;
}

function movedColumns(largest: number): Column<TableRecord>[] {
  return [
    { label: "table", cell: ({ schema, table }) => name(`${schema}.${table}`) },
    {
      label: "bytes",
      number: true,
      cell: ({ bytes }) => [sizeBar(bytes, largest), formatBytes(bytes)],
      value: ({ bytes }) => bytes,
    },
    { label: "rows", number: true, cell: ({ rows }) => formatCount(rows), value: ({ rows }) => rows },
    {
      label: "slices",
      number: true,
      cell: ({ slices }) => optional(slices, formatCount),
      value: ({ slices }) => slices ?? -1,
    },
    {
      label: "seconds",
      number: true,
      cell: ({ seconds }) => optional(seconds, formatSeconds),
      value: ({ seconds }) => seconds ?? -1,
    },
    {
      label: "speed",
      number: true,
      cell: (row) => optional(speedOf(row), (speed) => `${formatBytes(speed)}/s`),
      value: (row) => speedOf(row) ?? -1,
    },
    {
      label: "compressed",
      number: true,
      cell: (row) => optional(shareOf(row), (share) => `${Math.round(share * 100)} %`),
      value: (row) => shareOf(row) ?? -1,
    },
    { label: "verified", cell: verification },
  ];
}

function optional(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "–" : format(value);
}

function speedOf({ bytes, seconds }: TableRecord): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : bytes / seconds;
}

function shareOf({ bytes, compressedBytes }: TableRecord): number | undefined {
  return compressedBytes === undefined || bytes <= 0 ? undefined : compressedBytes / bytes;
}

function verification({ verification: result, rows, targetRows }: TableRecord): Content {
  if (result === "match") return "same";
  if (result !== "mismatch") return h("span", { class: "status" }, "not compared");
  const missing = targetRows === undefined || targetRows === rows ? "" : `, ${formatCount(targetRows)} rows`;
  return h("span", { class: "status bad" }, `differs${missing}`);
}

/** A share of the largest, as a thin bar beside the number; the number says it to everybody. */
function sizeBar(bytes: number, largest: number): Content {
  const percent = largest > 0 ? Math.round((bytes / largest) * 1000) / 10 : 0;
  if (percent < 0.5) return null;
  return h("svg", { class: "size", "aria-hidden": "true" }, h("rect", { width: `${percent}%`, height: "100%" }));
}

type PlannedTable = MigrationPlan["tables"][number];

function plannedTables(tables: readonly PlannedTable[]): PageSection {
  const rows = tables.toSorted((a, b) => b.bytes - a.bytes);
  const largest = rows[0]?.bytes ?? 0;
  return {
    id: "tables",
    title: "Tables",
    lede: `${plural(tables.length, "table")}, with the sizes and rows that the source's statistics give.`,
    content: dataTable<PlannedTable>({
      id: "tables-table",
      caption: "Tables by size, TOAST included",
      searched: "tables",
      elsewhere: "preflight.json",
      sortedBy: 1,
      rows,
      columns: [
        { label: "table", cell: ({ schema, table }) => name(`${schema}.${table}`) },
        {
          label: "bytes",
          number: true,
          cell: ({ bytes }) => [sizeBar(bytes, largest), formatBytes(bytes)],
          value: ({ bytes }) => bytes,
        },
        {
          label: "rows, about",
          number: true,
          cell: ({ estimatedRows }) => formatCount(estimatedRows),
          value: ({ estimatedRows }) => estimatedRows,
        },
        { label: "slices", number: true, cell: ({ slices }) => formatCount(slices), value: ({ slices }) => slices },
      ],
    }),
  };
}

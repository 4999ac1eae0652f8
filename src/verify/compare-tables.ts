import { formatCount } from "../format.ts";
import { type Comparison, type Findings, type TableVerdict, tableKey } from "./compare-model.ts";
import type { Fingerprint, TableContent } from "./fingerprint-model.ts";
import type { LeftOut } from "./left-out.ts";
import { addSums } from "./row-hash.ts";

/** A table, or all hash partitions of one root taken together. */
type ComparedTable = TableContent & { isRoot: boolean };

interface Sides {
  source: Fingerprint;
  target: Fingerprint;
}

/** Compares rows table by table. Tables that one side lacks are the catalogs' to report. */
export function compareTables(sides: Sides, leftOut: LeftOut, findings: Findings): Omit<Comparison, "record"> {
  const kept = (side: Fingerprint): ComparedTable[] =>
    gatherHashPartitions(side.tables.filter((table) => !leftOut.isTableLeftOut(table)));
  const targets = new Map(kept(sides.target).map((table) => [tableKey(table), table]));
  const narrowable: Comparison["narrowable"] = [];
  const tables: TableVerdict[] = [];
  for (const source of kept(sides.source)) {
    const target = targets.get(tableKey(source));
    if (target === undefined) continue;
    const reason = leftOut.reasonForRows(source);
    const verdict =
      reason === undefined ? compareTable(source, target, sides, findings) : leaveOutRows(reason, findings);
    const difference = findings.differences.at(-1);
    if (verdict === "mismatch" && difference !== undefined && source.hash !== null && sameColumns(source, target))
      narrowable.push({ table: source, difference });
    tables.push({
      schema: source.schema,
      table: source.table,
      verdict,
      sourceRows: source.rows,
      targetRows: target.rows,
    });
  }
  return { tables, narrowable };
}

function leaveOutRows(reason: string, findings: Findings): "not-compared" {
  findings.addKnown("tables whose rows were left out", reason);
  return "not-compared";
}

function compareTable(
  source: TableContent,
  target: TableContent,
  sides: Sides,
  findings: Findings,
): TableVerdict["verdict"] {
  const name = `${source.schema}.${source.table}`;
  const unread = source.unread ?? target.unread;
  if (unread !== undefined) {
    const side = source.unread === undefined ? "target" : "source";
    findings.unread.push({ object: "TABLE", name, reason: `could not be read on the ${side}: ${unread}` });
    return "not-compared";
  }
  if (source.rows === null || target.rows === null) return "not-compared";
  if (source.rows !== target.rows) {
    const detail = `${formatCount(source.rows)} on the source, ${formatCount(target.rows)} on the target`;
    findings.differences.push({ kind: "row-count", object: "TABLE", name, detail });
    return "mismatch";
  }
  return compareHashes(source, target, sides, findings);
}

function compareHashes(
  source: TableContent,
  target: TableContent,
  sides: Sides,
  findings: Findings,
): TableVerdict["verdict"] {
  if (source.hash === null && target.hash === null) return "match";
  const name = `${source.schema}.${source.table}`;
  if (source.hash === null || target.hash === null || sides.source.hashMethod !== sides.target.hashMethod) {
    findings.unread.push({ object: "TABLE", name, reason: "rows were hashed in different ways on the two sides" });
    return "not-compared";
  }
  if (source.hash[0] === target.hash[0] && source.hash[1] === target.hash[1]) return "match";
  const count = `${formatCount(source.rows ?? 0)} rows on both sides, but not the same ones`;
  const detail = sameColumns(source, target) ? count : `${count}: the columns differ`;
  findings.differences.push({ kind: "content", object: "TABLE", name, detail });
  return "mismatch";
}

function sameColumns(source: TableContent, target: TableContent): boolean {
  return source.columns.join("\n") === target.columns.join("\n");
}

/** Rows of hash partitions may lie in another partition of the same root: the root's sums are what must be equal. */
function gatherHashPartitions(tables: readonly TableContent[]): ComparedTable[] {
  const groups = Map.groupBy(tables, (table) => (table.hashRoot === undefined ? "" : tableKey(table.hashRoot)));
  const alone = groups.get("") ?? [];
  groups.delete("");
  return [...alone.map((table) => ({ ...table, isRoot: false })), ...[...groups.values()].map(gather)];
}

function gather(partitions: readonly TableContent[]): ComparedTable {
  const [first] = partitions as [TableContent, ...TableContent[]];
  const { hashRoot, unread: _unread, ...rest } = first;
  const unread = partitions.find((partition) => partition.unread !== undefined)?.unread;
  const read = partitions.filter((partition) => partition.rows !== null) as (TableContent & { rows: number })[];
  const sums = read.length < partitions.length ? { rows: null, hash: null } : addSums(read);
  const bytes = partitions.reduce((sum, partition) => sum + partition.bytes, 0);
  return { ...rest, ...hashRoot, bytes, isRoot: true, ...sums, ...(unread === undefined ? {} : { unread }) };
}

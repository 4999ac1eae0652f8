import type { Answer } from "./answers.ts";

type Row = Record<string, unknown>;
type Range = { field: string; start: string; isExclusive: boolean; max: number; isDescending: boolean };

const rangeShape = /^\s*(\w+)\s+(\]?)([^;\s]*?)\.\.[^;]*(?:;(.*))?$/;
const largestPage = 1000;

/**
 * One page of a list, as the Platform API pages: `Range: id ]last..; max=200` asks, 206 with `Next-Range` says that
 * there is more. `pageSize` caps what a client may ask for.
 */
export function page(rows: readonly Row[], range: string | undefined, pageSize: number): Answer {
  const wanted = parseRange(range, pageSize);
  const valueOf = (row: Row): string => textOf(row[wanted.field]);
  const sorted = rows.toSorted((a, b) => compare(valueOf(a), valueOf(b)) * (wanted.isDescending ? -1 : 1));
  const rest = sorted.filter((row) => isWithin(valueOf(row), wanted));
  const body = rest.slice(0, wanted.max);
  const last = body.at(-1);
  if (last === undefined || rest.length <= body.length) return { status: 200, body };
  const order = wanted.isDescending ? "order=desc,max" : "max";
  return {
    status: 206,
    body,
    headers: { "Next-Range": `${wanted.field} ]${valueOf(last)}..; ${order}=${wanted.max}` },
  };
}

function parseRange(text: string | undefined, pageSize: number): Range {
  const [, field = "id", bracket = "", start = "", options = ""] = rangeShape.exec(text ?? "") ?? [];
  const max = Number(/max=(\d+)/.exec(options)?.[1] ?? pageSize);
  return {
    field,
    start,
    isExclusive: bracket === "]",
    max: Math.min(max, pageSize, largestPage),
    isDescending: /order=desc/.test(options),
  };
}

function isWithin(value: string, range: Range): boolean {
  if (range.start === "") return true;
  const order = compare(value, range.start) * (range.isDescending ? -1 : 1);
  return range.isExclusive ? order > 0 : order >= 0;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import { type CompareOptions, type Findings } from "./compare-model.ts";
import type { Fingerprint, LargeObjects, SequenceValue } from "./fingerprint-model.ts";
import { formatBytes, plural } from "../format.ts";
import type { LeftOut } from "./left-out.ts";

type Value = Pick<SequenceValue, "lastValue" | "isCalled">;

function keyOf({ schema, sequence }: { schema: string; sequence: string }): string {
  return JSON.stringify([schema, sequence]);
}

function describe({ lastValue, isCalled }: Value): string {
  return `${lastValue ?? "unknown"}${isCalled === false ? " (not called yet)" : ""}`;
}

function isSame(a: Value, b: Value): boolean {
  return a.lastValue === b.lastValue && a.isCalled === b.isCalled;
}

/**
 * The target must have the value that the archive sets. pg_dump reads it outside the snapshot, so that a source still in
 * use may show another one when it is read; that much is no fault of the copy. Without the archive's, the source's counts.
 */
export function compareSequences(
  source: Fingerprint,
  target: Fingerprint,
  options: CompareOptions,
  leftOut: LeftOut,
  findings: Findings,
): void {
  const archived = new Map((options.archiveSequences ?? []).map((value) => [keyOf(value), value]));
  const targets = new Map(target.sequences.map((value) => [keyOf(value), value]));
  for (const sequence of source.sequences) {
    const key = keyOf(sequence);
    const other = targets.get(key);
    if (other === undefined || leftOut.isTableLeftOut({ schema: sequence.schema, table: sequence.sequence })) continue;
    const name = `${sequence.schema}.${sequence.sequence}`;
    const unread = sequence.unread ?? other.unread;
    if (unread !== undefined) findings.unread.push({ object: "SEQUENCE", name, reason: unread });
    else compareSequence(name, { source: sequence, archive: archived.get(key), target: other }, findings);
  }
}

function compareSequence(
  name: string,
  values: { source: Value; archive: Value | undefined; target: Value },
  findings: Findings,
): void {
  const { source, archive, target } = values;
  const expected = archive ?? source;
  if (!isSame(expected, target)) {
    const from = archive === undefined ? "source" : "archive";
    const detail = `value ${describe(expected)} on the ${from}, ${describe(target)} on the target`;
    findings.differences.push({ kind: "changed", object: "SEQUENCE", name, detail });
  } else if (!isSame(source, target)) {
    findings.addKnown(
      "sequences that moved on after the dump",
      "the source was still in use; the target has the archive's value",
    );
  }
}

export function compareLargeObjects(source: LargeObjects, target: LargeObjects, findings: Findings): void {
  const unread = source.unread ?? target.unread;
  if (unread !== undefined) {
    findings.unread.push({ object: "LARGE OBJECTS", name: "large objects", reason: unread });
    return;
  }
  const hashes = [source.hash, target.hash].map((hash) => hash?.join(" "));
  const isSameContent = source.hash === null || target.hash === null || hashes[0] === hashes[1];
  if (source.count === target.count && source.bytes === target.bytes && isSameContent) return;
  const detail =
    source.count === target.count && source.bytes === target.bytes
      ? `${plural(source.count, "object")} of ${formatBytes(source.bytes)} on both sides, but not the same bytes`
      : `${sizeOf(source)} on the source, ${sizeOf(target)} on the target`;
  findings.differences.push({ kind: "content", object: "LARGE OBJECTS", name: "large objects", detail });
}

function sizeOf({ count, bytes, hash }: LargeObjects): string {
  return hash === null ? plural(count, "object") : `${plural(count, "object")} with ${bytes} bytes`;
}

import { type ArchiveHead, textOf } from "./contents.ts";

/** What a SEQUENCE SET entry will set. pg_dump reads it outside the snapshot. */
export interface SequenceSetting {
  schema: string;
  sequence: string;
  /** Decimal text: a sequence may pass 2^53. */
  lastValue: string;
  isCalled: boolean;
}

const setval = /setval\('.*', (-?\d+), (true|false)\);/su;

export function listSequenceSettings(head: ArchiveHead): SequenceSetting[] {
  const text = textOf(head);
  return head.entries.flatMap((entry): SequenceSetting[] => {
    const match = entry.desc === "SEQUENCE SET" ? setval.exec(text(entry.definition)) : null;
    if (match === null) return [];
    return [
      {
        schema: text(entry.namespace),
        sequence: text(entry.tag),
        lastValue: match[1] ?? "",
        isCalled: match[2] === "true",
      },
    ];
  });
}

import { readFile } from "node:fs/promises";

/** One change to a migrated database behind our back, and what must be said of it. */
export interface Mutation {
  what: string;
  object: string;
  name: string;
  /** A part of what is said. */
  says: string;
  sql: string;
  /** Puts back what a rollback does not: the values of sequences. */
  undo?: string;
}

const block =
  /^-- (?<what>.+)\n-- (?<object>.+?) \| (?<name>.+?) \| (?<says>.+)\n(?:-- undo: (?<undo>.+)\n)?(?<sql>[^-][^]+)$/u;

export async function listMutations(): Promise<Mutation[]> {
  const text = await readFile(new URL("mutations.sql", import.meta.url), "utf8");
  const [, ...blocks] = text.trim().split("\n\n");
  return blocks.map((lines) => {
    const groups = block.exec(lines)?.groups;
    if (groups === undefined) throw new Error(`not a change: ${lines}`);
    return { ...(groups as unknown as Mutation) };
  });
}

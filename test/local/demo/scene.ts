import { parseArgs } from "node:util";
import type { Major } from "../postgres/binaries.ts";

export interface Scene {
  provider: string;
  source: Major;
  target: Major;
  rows: number;
  /** Leave servers and files for a look around, until Ctrl-C. */
  keep: boolean;
  /** Something in the source that the gate must refuse. */
  blocked: boolean;
  folder: string;
}

export const usage = `npm run demo -- [options]

  --provider NAME   whose markers the source carries (default azure)
  --source MAJOR    PostgreSQL major of the source, 14 to 18 (default 15)
  --target MAJOR    PostgreSQL major of the target: 15, 17 or 18 (default 15)
  --rows N          orders in the source (default 100000; all tables together hold about four times as many)
  --blocked         put something into the source that the gate refuses
  --keep            keep everything running afterwards, until Ctrl-C
  --folder PATH     where artifacts and summary go (default .demo)`;

/** @throws Error with one sentence for what cannot be read */
export function readScene(argv: readonly string[]): Scene | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      provider: { type: "string", default: "azure" },
      source: { type: "string", default: "15" },
      target: { type: "string", default: "15" },
      rows: { type: "string", default: "100000" },
      keep: { type: "boolean", default: false },
      blocked: { type: "boolean", default: false },
      folder: { type: "string", default: ".demo" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 100) throw new Error("--rows is a whole number from 100 on.");
  return {
    ...values,
    source: readMajor(values.source, "--source"),
    target: readMajor(values.target, "--target"),
    rows,
  };
}

function readMajor(text: string, option: string): Major {
  const major = Number(text);
  if (![14, 15, 16, 17, 18].includes(major)) throw new Error(`${option} is one of 14, 15, 16, 17, 18.`);
  return major as Major;
}

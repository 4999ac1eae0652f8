import { parseArgs } from "node:util";
import type { Major } from "../postgres/binaries.ts";
import { providerSources } from "./providers.ts";

export interface Scene {
  provider: string;
  source: Major;
  target: Major;
  rows: number;
  /** Leave servers running for a look around, until Ctrl-C. */
  keep: boolean;
  /** Something in the source that the gate must refuse. */
  blocked: boolean;
  folder: string;
}

const providers = Object.keys(providerSources);
/** Their client programs can be fetched from Debian, which skips 14 and 16. */
const targetMajors = [15, 17, 18];
const sourceMajors = [14, 15, 16, 17, 18];

export const usage = `A whole migration on this machine: a source like a provider's, a Heroku, a bucket and a workflow runner, all on 127.0.0.1
and gone afterwards. The log, the artifacts and the summary of the two jobs stay in .demo/.

npm run demo -- [options]

  --provider NAME   whose server the source looks like (default azure), one of
                    ${providers.slice(0, 5).join(", ")},
                    ${providers.slice(5).join(", ")}
  --source MAJOR    PostgreSQL major of the source: ${orList(sourceMajors)} (default 15)
  --target MAJOR    PostgreSQL major of the target: ${orList(targetMajors)} (default 15)
  --rows N          orders in the source (default 100000; all tables together hold about three times as many)
  --blocked         put something into the source that the gate refuses
  --keep            keep everything running afterwards, until Ctrl-C
  --folder PATH     where artifacts, summary and log go (default .demo)
  --help            show this`;

const options = {
  provider: { type: "string", default: "azure" },
  source: { type: "string", default: "15" },
  target: { type: "string", default: "15" },
  rows: { type: "string", default: "100000" },
  keep: { type: "boolean", default: false },
  blocked: { type: "boolean", default: false },
  folder: { type: "string", default: ".demo" },
  help: { type: "boolean", default: false },
} as const;

/**
 * Undefined when help was asked for.
 *
 * @throws Error with one sentence for what cannot be read
 */
export function readScene(argv: readonly string[]): Scene | undefined {
  const { values } = parseArgs({ args: [...argv], options });
  if (values.help) return undefined;
  const source = readNumber(values.source, "--source", sourceMajors) as Major;
  const target = readNumber(values.target, "--target", targetMajors) as Major;
  if (source > target) throw new Error("--source is newer than --target: no archive of it could be restored there.");
  if (!providers.includes(values.provider)) throw new Error(`--provider is one of ${providers.join(", ")}.`);
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 100) throw new Error("--rows is a whole number from 100 on.");
  return { ...values, source, target, rows };
}

function readNumber(text: string, option: string, allowed: readonly number[]): number {
  const value = Number(text);
  if (!allowed.includes(value)) throw new Error(`${option} is ${orList(allowed)}.`);
  return value;
}

function orList(values: readonly number[]): string {
  return `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

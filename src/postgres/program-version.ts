import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { childEnvironment } from "./child-environment.ts";

const run = promisify(execFile);

interface ProgramVersion {
  majorVersion: number;
  text: string;
}

/** What `program --version` answers: `pg_dump (PostgreSQL) 16.4 (Debian …)`. Major 0 where it does not run. */
export async function readProgramVersion(program: string): Promise<ProgramVersion> {
  try {
    const { stdout } = await run(program, ["--version"], { env: childEnvironment(), timeout: 10_000 });
    return parseProgramVersion(stdout);
  } catch {
    return { majorVersion: 0, text: "" };
  }
}

export function parseProgramVersion(output: string): ProgramVersion {
  const text = /\(PostgreSQL\)\s+(.+)$/mu.exec(output)?.[1]?.trim() ?? "";
  return { majorVersion: Number.parseInt(text, 10) || 0, text };
}

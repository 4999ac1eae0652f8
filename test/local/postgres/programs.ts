import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Identity } from "./identity.ts";

const execute = promisify(execFile);

/** Languages and time zones of the machine must not decide what a test sees. */
export const plainEnvironment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/** Runs a program to its end and returns its standard output; what it said on standard error is in the error. */
export async function runProgram(
  program: string,
  args: string[],
  options: { cwd: string; identity?: Identity | undefined },
): Promise<string> {
  const { stdout } = await execute(program, args, {
    cwd: options.cwd,
    env: plainEnvironment,
    maxBuffer: 64 * 1024 * 1024,
    ...options.identity,
  });
  return stdout;
}

import { readFileSync } from "node:fs";
import { type CommandContext, runCommand } from "../commands.ts";
import { describeError } from "../errors.ts";
import { statePathOf } from "../state.ts";

/** Outside GitHub no later step puts things back. False where something is left to be put back by hand. */
export async function tidyUp(context: CommandContext, cleanupCommand: string): Promise<boolean> {
  try {
    const { signal } = new AbortController();
    await runCommand({ ...context, inputs: { ...context.inputs, command: "cleanup" }, signal });
    return true;
  } catch (error) {
    context.log.error(`${describeError(error)}\nWhen the cause is gone, run:\n  ${cleanupCommand}`);
    return false;
  }
}

/** Read at once: the process is about to end. A state that cannot be read may hold something. */
export function hasLeftovers(workDirectory: string): boolean {
  try {
    return Object.keys(JSON.parse(readFileSync(statePathOf(workDirectory), "utf8")) as object).length > 1;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

import { InterruptedError, MigrationError } from "./errors.ts";
import { plural } from "./format.ts";

interface StopSignal extends Disposable {
  signal: AbortSignal;
}

/** The runner sends SIGINT, SIGTERM 7.5 s later, and kills 2.5 s after that; what is not done after this long is left to cleanup. */
const graceMs = 5000;

/** A signal that fires on SIGINT, SIGTERM and our own deadline. After the grace the process ends, whatever still hangs. */
export function listenForStop(
  deadlineMinutes: number,
  exit: (code: number) => void = (code) => process.exit(code),
): StopSignal {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    controller.abort(new InterruptedError(name));
    setTimeout(() => exit(130), graceMs).unref();
  };
  const deadline = setTimeout(() => controller.abort(deadlineError(deadlineMinutes)), deadlineMinutes * 60_000);
  deadline.unref();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(deadline);
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };
}

function deadlineError(minutes: number): MigrationError {
  return new MigrationError(`The deadline of ${plural(minutes, "minute")} (deadline-minutes) passed.`, {
    code: "DEADLINE",
    hint: "Raise deadline-minutes and the job's timeout-minutes, or use a runner nearer to both databases.",
  });
}

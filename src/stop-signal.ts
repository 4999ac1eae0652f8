import { InterruptedError, MigrationError } from "./errors.ts";
import { plural } from "./format.ts";

interface StopSignal extends Disposable {
  signal: AbortSignal;
  /** Our own deadline, once the inputs have said it. */
  startDeadline: (minutes: number) => void;
}

interface StopOptions {
  exit?: (code: number) => void;
  /** Called when something still hangs after the grace, right before the process ends. */
  onLate?: () => void;
}

/** The runner sends SIGINT, SIGTERM 7.5 s later, and kills 2.5 s after that; what is not done after this long is left to cleanup. */
const graceMs = 5000;

/** A signal that fires on SIGINT, SIGTERM and our own deadline. After the grace the process ends, whatever still hangs. */
export function listenForStop({ exit = (code) => process.exit(code), onLate }: StopOptions = {}): StopSignal {
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const late = (): void => {
    onLate?.();
    exit(130);
  };
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.reason instanceof InterruptedError) return;
    controller.abort(new InterruptedError(name));
    setTimeout(late, graceMs).unref();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    startDeadline: (minutes) => {
      deadline = setTimeout(() => controller.abort(deadlineError(minutes)), minutes * 60_000);
      deadline.unref();
    },
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

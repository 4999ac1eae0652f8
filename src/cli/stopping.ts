import { exitCodes } from "../errors.ts";
import type { Log } from "../log.ts";
import { listenForStop } from "../stop-signal.ts";

/** npx sends its child a copy of the Ctrl-C that the terminal has sent to both of them already. */
const copyMs = 300;

interface StoppingOptions {
  log: Log;
  /** Right before the process ends without having put things back. */
  onAbandon: () => void;
}

export interface Stopping extends Disposable {
  signal: AbortSignal;
  startDeadline: (minutes: number) => void;
}

/**
 * The first Ctrl-C, SIGTERM or closed terminal stops the run in order; a second one, or five seconds, end the process.
 */
export function listenForStopping({ log, onAbandon }: StoppingOptions): Stopping {
  const stop = listenForStop({ onLate: onAbandon });
  let firstAt: number | undefined;
  const listen = (name: NodeJS.Signals): void => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      const again = name === "SIGINT" ? " Ctrl-C again ends at once." : "";
      log.warning(`Stopping, within 5 seconds.${again}`);
    } else if (performance.now() - firstAt > copyMs) {
      onAbandon();
      process.exit(exitCodes.interrupted);
    }
  };
  const hangUp = (): void => void process.emit("SIGTERM", "SIGTERM");
  process.on("SIGINT", listen).on("SIGTERM", listen).on("SIGHUP", hangUp);
  return {
    signal: stop.signal,
    startDeadline: stop.startDeadline,
    [Symbol.dispose]: () => {
      stop[Symbol.dispose]();
      process.off("SIGINT", listen).off("SIGTERM", listen).off("SIGHUP", hangUp);
    },
  };
}

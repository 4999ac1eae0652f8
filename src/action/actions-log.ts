import * as core from "@actions/core";
import type { Log } from "../log.ts";
import { followStages, throttledProgress } from "../progress.ts";
import { redact } from "../secret.ts";

/** The Actions log: groups, annotations and one progress line every ten seconds. Everything passes `redact` on its way. */
export function createActionsLog(): Log {
  const progress = throttledProgress((line) => core.info(redact(line)));
  return {
    info: (message) => core.info(redact(message)),
    // Annotations are chosen at the end, from the report; on the way a warning is a line like any other.
    warning: (message) => core.info(`Warning: ${redact(message)}`),
    error: (message) => core.info(`Error: ${redact(message)}`),
    debug: (message) => core.debug(redact(message)),
    startGroup: (title) => core.startGroup(redact(title)),
    endGroup: () => core.endGroup(),
    event: followStages(progress),
    progress,
  };
}

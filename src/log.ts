/** Where the run speaks. The action binds it to the Actions log, the command line to standard error; tests record it. */
export interface Log {
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  debug(message: string): void;
  /** Folds everything until `endGroup` under one heading, where the platform can. */
  startGroup(title: string): void;
  endGroup(): void;
  /** A machine-readable fact about the run; shown only where somebody asked for events. */
  event(name: string, facts: Readonly<Record<string, unknown>>): void;
  /** Live progress of a stage. How often it becomes a line is the sink's business (`throttled`). */
  progress(progress: Progress): void;
}

export interface Progress {
  /** What is counted, e.g. `dump`. */
  stage: string;
  done: number;
  /** 0 or less where the end is not known. */
  total: number;
  unit: "bytes" | "rows" | "tables" | "seconds" | "checks";
  /** More facts for the same line, already formatted, e.g. `12 of 40 parts`. */
  detail?: string;
}

export const silentLog: Log = {
  info: () => {},
  warning: () => {},
  error: () => {},
  debug: () => {},
  startGroup: () => {},
  endGroup: () => {},
  event: () => {},
  progress: () => {},
};

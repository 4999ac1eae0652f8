/** What this process ends with. `match`, `mismatch` and `could not complete` are never folded into one another. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  blocked: 2,
  mismatch: 3,
  unverified: 4,
  interrupted: 130,
} as const;

export type Outcome = keyof typeof exitCodes;

interface MigrationErrorOptions {
  /** What the person who runs the workflow can do about it. */
  hint?: string;
  /** The stable word a machine may match on, in capitals with underscores. */
  code?: string;
  outcome?: Exclude<Outcome, "ok">;
  cause?: unknown;
}

/**
 * An error that a person will read: the message says what went wrong and where, `hint` says what to do.
 * Never put a secret, a URL with credentials or a presigned query into either.
 */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly hint: string | undefined;
  readonly code: string | undefined;
  readonly outcome: Exclude<Outcome, "ok">;

  constructor(message: string, options: MigrationErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.code = options.code;
    this.outcome = options.outcome ?? "failed";
  }
}

/** Several mistakes found together, so that nobody has to mend them one run at a time. */
export class InputsError extends MigrationError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? "One input is wrong" : `${problems.length} inputs are wrong`;
    super(`${count}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`, { code: "INPUTS" });
    this.problems = problems;
  }
}

/** The signal's reason when a person or the platform asked us to stop. */
export class InterruptedError extends MigrationError {
  constructor(signalName: string) {
    super(`Interrupted by ${signalName}.`, {
      code: "INTERRUPTED",
      outcome: "interrupted",
      hint: "The cleanup that follows puts app and source back. Start again when you are ready: a finished stage is not repeated.",
    });
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(messageOf).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}

/** The message with the messages of its causes, outermost first, repeated ones left out. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (const cause of listCauses(error)) {
    const message = messageOf(cause);
    if (!messages.some((earlier) => earlier.includes(message))) messages.push(message);
  }
  const shown = messages.slice(0, 8);
  return shown.map((message, index) => (index < shown.length - 1 ? message.replace(/\.$/u, "") : message)).join(": ");
}

/** What was thrown, its cause, and so on down: each once, because errors of libraries may cause each other. */
function listCauses(error: unknown): Set<unknown> {
  const causes = new Set([error]);
  for (let current = error; current instanceof Error;) {
    current = current.cause;
    if (current === undefined || current === null || causes.has(current)) break;
    causes.add(current);
  }
  return causes;
}

/** The first hint on the way down the chain of causes. */
export function hintOf(error: unknown): string | undefined {
  for (const cause of listCauses(error)) {
    if (cause instanceof MigrationError && cause.hint !== undefined) return cause.hint;
  }
  return undefined;
}

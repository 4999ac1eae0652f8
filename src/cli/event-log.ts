import type { Log, Progress } from "../log.ts";

const progressEveryMs = 1000;

/** Events as JSON, one a line. */
export function createEventLog(stream: NodeJS.WritableStream, hide: (text: string) => string): Log {
  const write = (event: string, facts: Readonly<Record<string, unknown>>): void =>
    writeEvent(stream, event, facts, hide);
  const message = (level: string) => (text: string) => write("message", { level, message: text });
  const isDue = oncePerSecond();
  return {
    info: message("info"),
    warning: message("warning"),
    error: message("error"),
    debug: () => {},
    startGroup: () => {},
    endGroup: () => {},
    event: write,
    progress: (progress) => {
      if (isDue(progress)) write("progress", { ...progress });
    },
  };
}

/** Every text is searched on its own: a replacement in the finished line could break its quoting. */
export function writeEvent(
  stream: NodeJS.WritableStream,
  event: string,
  facts: Readonly<Record<string, unknown>>,
  hide: (text: string) => string = (text) => text,
): void {
  const hidden = (_key: string, value: unknown): unknown => (typeof value === "string" ? hide(value) : value);
  stream.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts }, hidden)}\n`);
}

/** Each count on its own, and always the one that reaches the total. */
function oncePerSecond(): (progress: Progress) => boolean {
  const last = new Map<string, { at: number; isComplete: boolean }>();
  return ({ stage, done, total }) => {
    const before = last.get(stage);
    const isComplete = total > 0 && done >= total;
    const now = performance.now();
    if (before !== undefined && now - before.at < progressEveryMs && (!isComplete || before.isComplete)) return false;
    last.set(stage, { at: now, isComplete });
    return true;
  };
}

import { styleText } from "node:util";
import type { Log } from "../log.ts";
import { terminalProgress, throttledProgress } from "../progress.ts";
import { redact } from "../secret.ts";

interface TerminalLogOptions {
  /** NDJSON events on standard output instead of text. */
  isJson: boolean;
  stream: NodeJS.WriteStream;
}

/** People's log on standard error, with a bar where that is a terminal; or events for machines on standard output. */
export function createTerminalLog(options: TerminalLogOptions): Log {
  return options.isJson ? createEventLog(process.stdout) : createTextLog(options.stream);
}

function createTextLog(stream: NodeJS.WriteStream): Log {
  const write = (line: string): void => {
    stream.write(`${redact(line)}\n`);
  };
  const colour = (format: Parameters<typeof styleText>[0], text: string): string => styleText(format, text, { stream });
  const bar = stream.isTTY ? terminalProgress(stream) : undefined;
  const clearing = (show: (message: string) => void) => (message: string) => {
    bar?.clear();
    show(message);
  };
  return {
    info: clearing(write),
    warning: clearing((message) => write(colour("yellow", `Warning: ${message}`))),
    error: clearing((message) => write(colour("red", `Error: ${message}`))),
    debug: () => {},
    startGroup: clearing((title) => write(colour("bold", title))),
    endGroup: () => bar?.clear(),
    event: () => {},
    progress: bar ?? throttledProgress(write),
  };
}

function createEventLog(stream: NodeJS.WritableStream): Log {
  const write = (event: string, facts: Readonly<Record<string, unknown>>): void => {
    stream.write(`${redact(JSON.stringify({ at: new Date().toISOString(), event, ...facts }))}\n`);
  };
  let lastProgressAt = 0;
  return {
    info: (message) => write("message", { level: "info", message }),
    warning: (message) => write("message", { level: "warning", message }),
    error: (message) => write("message", { level: "error", message }),
    debug: () => {},
    startGroup: () => {},
    endGroup: () => {},
    event: write,
    progress: (progress) => {
      const isLast = progress.total > 0 && progress.done >= progress.total;
      if (!isLast && Date.now() - lastProgressAt < 1000) return;
      lastProgressAt = Date.now();
      write("progress", { ...progress });
    },
  };
}

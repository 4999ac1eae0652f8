import { styleText } from "node:util";
import { InputsError, describeError, exitCodes, hintOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { followStages, terminalProgress } from "../progress.ts";
import { redact } from "../secret.ts";
import { createEventLog, writeEvent } from "./event-log.ts";

interface TerminalLogOptions {
  /** NDJSON events on standard output instead of text. */
  isJson: boolean;
  stream: NodeJS.WriteStream;
  /** Takes secrets out of what is printed. */
  hide: (text: string) => string;
}

/** People's log on standard error, with a bar where that is a terminal; or events for machines on standard output. */
export function createTerminalLog({ isJson, stream, hide }: TerminalLogOptions): Log {
  return isJson ? createEventLog(process.stdout, hide) : createTextLog(stream, hide);
}

function createTextLog(stream: NodeJS.WriteStream, hide: (text: string) => string): Log {
  const shown = {
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns;
    },
    write: (text: string) => stream.write(hide(text)),
  };
  const meter = terminalProgress(shown);
  const style = (format: Parameters<typeof styleText>[0] | undefined, text: string): string =>
    format === undefined ? plain(text) : styleText(format, plain(text), { stream });
  const writer =
    (format?: Parameters<typeof styleText>[0], label = "") =>
    (message: string): void => {
      meter.clear();
      shown.write(`${style(format, `${label}${message}`)}\n`);
    };
  return {
    info: writer(),
    warning: writer("yellow", "Warning: "),
    error: writer("red", "Error: "),
    debug: () => {},
    startGroup: writer("bold"),
    endGroup: () => meter.clear(),
    event: followStages(meter),
    progress: meter,
  };
}

/** Names of tables may hold anything: a terminal must not obey them. */
function plain(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{FFFD}");
}

const inputsHint =
  "Each input is a flag (--heroku-app) or a variable (HEROKU_APP). Secrets: a variable, or a file (--heroku-api-key-file).";

/** A run that did not start has no log yet: the mistake, and what to do about it. */
export function reportMistake(error: unknown, isJson: boolean): void {
  const howToGive = error instanceof InputsError ? inputsHint : "";
  const [message, hint] = [redact(describeError(error)), redact(hintOf(error) ?? howToGive)];
  process.stderr.write(`${plain([message, hint].filter(Boolean).join("\n"))}\n`);
  if (isJson)
    writeEvent(process.stdout, "finished", { outcome: "failed", exitCode: exitCodes.failed, headline: message, hint });
}

/** A reader that goes away (`| head`, a closed terminal) must not take a migration down with it. */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

import type { Writable } from "node:stream";
import type { Conclusion } from "./results.ts";

/** What happens during a run, for a live display. All texts are masked. */
export type RunEvent =
  | { type: "job-started"; job: string; at: Date }
  | { type: "step-started"; job: string; step: string; at: Date }
  | { type: "line"; job: string; step: string; text: string; at: Date }
  | { type: "step-finished"; job: string; step: string; conclusion: Conclusion; durationMs: number; at: Date }
  | { type: "job-finished"; job: string; conclusion: Conclusion; at: Date };

export type PrintOptions = { color?: boolean; timestamps?: boolean };

/** Returns an `onEvent` that prints a run the way the Actions UI shows it. */
export function printEvents(stream: Writable, options: PrintOptions = {}): (event: RunEvent) => void {
  const print = renderer(options);
  return (event) => {
    const text = print(event);
    if (text !== undefined) stream.write(`${text}\n`);
  };
}

type Style = keyof typeof styles;

const styles = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33", blue: "34", cyan: "36" };
const marks: Record<Conclusion, string> = { success: "✓", failure: "✗", cancelled: "⊘", skipped: "○" };
const colors: Record<Conclusion, Style> = { success: "green", failure: "red", cancelled: "yellow", skipped: "dim" };

/** Commands as they stand in the raw log → how the UI shows them. `endgroup` and `add-mask` show nothing. */
const tags: Record<string, { label: string; style: Style }> = {
  group: { label: "▾ ", style: "bold" },
  error: { label: "Error: ", style: "red" },
  warning: { label: "Warning: ", style: "yellow" },
  notice: { label: "Notice: ", style: "blue" },
  debug: { label: "Debug: ", style: "dim" },
};

function renderer({ color = false, timestamps = false }: PrintOptions): (event: RunEvent) => string | undefined {
  const paint = (style: Style, text: string): string => (color ? `\u001b[${styles[style]}m${text}\u001b[0m` : text);
  const depths = new Map<string, number>();

  const renderLine = (event: RunEvent & { type: "line" }): string | undefined => {
    const [, tag = "", text = ""] = /^##\[([a-z-]+)\]([^]*)$/.exec(event.text) ?? [];
    const depth = depths.get(event.job) ?? 0;
    if (tag === "endgroup") depths.set(event.job, 0);
    if (tag === "endgroup") return undefined;
    if (tag === "group") depths.set(event.job, 1);
    const shown = tags[tag];
    const content = shown ? paint(shown.style, shown.label + text) : strip(event.text, color);
    const time = timestamps ? `${paint("dim", event.at.toISOString().slice(11, 23))} ` : "";
    return `    ${time}${"  ".repeat(tag === "group" ? 0 : depth)}${content}`;
  };

  return (event) => {
    if (event.type === "line") return renderLine(event);
    if (event.type === "job-started") return paint("bold", `\n● ${event.job}`);
    if (event.type === "step-started") return paint("cyan", `  ▸ ${event.step}`);
    const mark = paint(colors[event.conclusion], marks[event.conclusion]);
    if (event.type === "job-finished") return `${mark} ${paint("bold", event.job)}: ${event.conclusion}`;
    return `  ${mark} ${event.step} ${paint("dim", `${(event.durationMs / 1000).toFixed(1)} s`)}`;
  };
}

function strip(text: string, keepColor: boolean): string {
  // eslint-disable-next-line no-control-regex -- the escape sequence is what is looked for
  return keepColor ? text : text.replace(/\u001b\[[0-9;]*m/g, "");
}

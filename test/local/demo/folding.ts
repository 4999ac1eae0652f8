import { plural } from "../../../src/format.ts";
import type { RunEvent } from "../runner/events.ts";

/** Groups that the Actions UI shows closed and a newcomer has no use for open. */
const closedGroups = /^(?:Run |Uploading the evidence|GITHUB_TOKEN)/u;

type Listener = (event: RunEvent) => void;

/** Passes a run's events on, with the lines of some groups counted instead of shown. The whole log has them all. */
export function foldGroups(listen: Listener): Listener {
  const open = new Map<string, { title: string; lines: number }>();
  return (event) => {
    if (event.type !== "line") {
      listen(event);
      return;
    }
    const [, tag, text = ""] = /^##\[(group|endgroup)\](.*)$/u.exec(event.text) ?? [];
    const folded = open.get(event.job);
    if (tag === "group" && closedGroups.test(text)) open.set(event.job, { title: text, lines: 0 });
    else if (folded === undefined) listen(event);
    else if (tag !== "endgroup") folded.lines += 1;
    else {
      open.delete(event.job);
      listen({ ...event, text: `▸ ${folded.title} (${plural(folded.lines, "line")})` });
    }
  };
}

import type { Journal, JournalDocument } from "../journal.ts";
import { stateAfterEarlierRun } from "../restore.ts";
import type { Run } from "../run.ts";
import type { Before } from "../state.ts";

/** Keeps what was in the state file, for `cleanup`, and in the journal, for the case that the runner is lost with its disk. */
export async function rememberBefore(run: Run, journal: Journal, before: Before): Promise<void> {
  await run.state.set({ ...before, journal: { key: journal.key } });
  const { maintenance, formation, freeze } = run.state.current;
  await journal.write({ before: known({ maintenance, formation, freeze }) });
}

/** Takes over what an earlier run has changed and nobody has put back, where the state file does not know of it. */
export async function recallBefore(run: Run, journal: Journal): Promise<void> {
  const { earlier } = journal;
  const { restore } = journal.document;
  if (restore !== undefined) run.report.targetState = stateAfterEarlierRun(restore.wayBack);
  if (earlier?.before === undefined || isTooOld(run, earlier)) return;
  const { maintenance, formation, freeze } = { ...earlier.before, ...known(run.state.current) };
  await run.state.set({ ...known({ maintenance, formation, freeze }), journal: { key: journal.key } });
  run.log.info("An earlier run has left app or source changed: they are put back at the end of this one.");
}

/** So long ago that whatever it left switched, somebody has meant since. */
function isTooOld(run: Run, { updatedAt }: JournalDocument): boolean {
  return Date.now() - Date.parse(updatedAt) > run.inputs.gateMaxAgeHours * 3_600_000;
}

function known(before: { [Name in keyof Before]: Before[Name] | undefined }): Before {
  const { maintenance, formation, freeze } = before;
  return {
    ...(maintenance === undefined ? {} : { maintenance }),
    ...(formation === undefined ? {} : { formation }),
    ...(freeze === undefined ? {} : { freeze }),
  };
}

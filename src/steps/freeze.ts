import { freezeSource, unfreezeSource } from "../freeze.ts";
import { listNames, plural } from "../format.ts";
import { withRetries } from "../retry.ts";
import type { Run } from "../run.ts";
import type { Before } from "../state.ts";

/** Makes the source read-only where that was asked for; what was is remembered before anything is changed. */
export async function freezeIfAsked(run: Run, remember: (before: Before) => Promise<void>): Promise<string[]> {
  const { freezeSource: mode, source } = run.inputs;
  if (mode === "off") return [];
  const { signal, log } = run;
  // A source that an earlier run, or an earlier try, has frozen is put back as it was before that.
  const onBefore = async (was: string | null): Promise<void> => {
    if (run.state.current.freeze === undefined) await remember({ freeze: { database: source.database, was } });
  };
  const frozen = await withRetries(() => freezeSource(source, mode, { signal, log, onBefore }), {
    what: "making the source read-only",
    signal,
    log,
  });
  for (const limit of frozen.limits) run.log.warning(limit);
  const still = frozen.sessions.map(({ application, count }) => `${application || "unnamed"} (${count})`);
  const left =
    still.length === 0
      ? ""
      : `; ${plural(still.length, "application")} may still write with sessions from before: ${listNames(still)}`;
  return [`source read-only for new transactions${left}`];
}

/** Lets the source take writes again. After a promotion nothing is left to lift: a write to the source would be lost. */
export async function liftFreeze(run: Run, signal?: AbortSignal): Promise<string[]> {
  const { freeze } = run.state.current;
  if (freeze === undefined) return [];
  await withRetries(() => unfreezeSource(run.inputs.source, freeze.was, signal), {
    what: "lifting the source's write-freeze",
    log: run.log,
    ...(signal === undefined ? {} : { signal }),
  });
  await run.state.clear("freeze");
  return ["the source takes writes again"];
}

import { freezeSource, unfreezeSource } from "../freeze.ts";
import { listNames, plural } from "../format.ts";
import type { Run } from "../run.ts";

/** Makes the source read-only where that was asked for; what was is on disk before anything is changed. */
export async function freezeIfAsked(run: Run): Promise<string[]> {
  const { freezeSource: mode, source } = run.inputs;
  if (mode === "off") return [];
  const frozen = await freezeSource(source, mode, {
    signal: run.signal,
    log: run.log,
    onBefore: (was) => run.state.set({ freeze: { database: source.database, was } }),
  });
  const still = frozen.sessions.map(({ application, count }) => `${application || "unnamed"} (${count})`);
  const left =
    still.length === 0
      ? ""
      : `; ${plural(still.length, "application")} may still write with sessions from before: ${listNames(still)}`;
  return [`source read-only for new transactions${left}`];
}

/**
 * Lets the source take writes again, unless the app was moved over: once the target is promoted, a write to the source
 * would be lost.
 */
export async function liftFreeze(run: Run): Promise<string[]> {
  const { freeze } = run.state.current;
  if (freeze === undefined) return [];
  if (run.report.verdict === "migrated" && run.inputs.heroku.promote) {
    await run.state.clear("freeze");
    return [
      `the source stays read-only, because the app has moved; to lift it: alter database … reset default_transaction_read_only`,
    ];
  }
  await unfreezeSource(run.inputs.source, freeze.was);
  await run.state.clear("freeze");
  return ["the source takes writes again"];
}

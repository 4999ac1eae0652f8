import { MigrationError } from "./errors.ts";
import { listNames } from "./format.ts";
import type { HerokuApi } from "./heroku/api.ts";
import { readApp, setMaintenance } from "./heroku/apps.ts";
import { listDynos, listFormation, scaleFormation } from "./heroku/formation.ts";
import type { Run } from "./run.ts";
import type { Before } from "./state.ts";
import { sleep } from "./workers.ts";

/** Keeps what was, on disk and in the journal, before it is changed. */
export type Remember = (before: Before) => Promise<void>;

/**
 * Stops the app from writing. What was is remembered before anything is switched, so that a run that dies can be undone by
 * `cleanup`; what an earlier run has left switched counts as it was before that run.
 */
export async function quietApp(run: Run, heroku: HerokuApi, remember: Remember): Promise<string[]> {
  const { maintenanceMode, scaleDown } = run.inputs.heroku;
  const done: string[] = [];
  if (maintenanceMode) done.push(await startMaintenance(run, heroku, remember));
  const { formation } = run.state.current;
  if (scaleDown === "all" || scaleDown.length > 0 || formation !== undefined)
    done.push(await stopProcesses(run, heroku, remember));
  return done;
}

async function startMaintenance(run: Run, heroku: HerokuApi, remember: Remember): Promise<string> {
  const { app } = run.inputs.heroku;
  const { isInMaintenance } = await readApp(heroku, app, { signal: run.signal });
  if (isInMaintenance) {
    const isOurs = run.state.current.maintenance?.was === false;
    return `the app was in maintenance mode already${isOurs ? ", by the earlier run" : ""}`;
  }
  await remember({ maintenance: { app, was: false } });
  // Without the signal: a switch that Heroku makes only after cleanup has put things back would stay.
  await setMaintenance(heroku, app, true);
  run.signal.throwIfAborted();
  return "maintenance mode on";
}

async function stopProcesses(run: Run, heroku: HerokuApi, remember: Remember): Promise<string> {
  const { app, scaleDown } = run.inputs.heroku;
  const formation = await listFormation(heroku, app, { signal: run.signal });
  refuseUnknownTypes(
    app,
    scaleDown,
    formation.map(({ type }) => type),
  );
  const running = formation.filter(
    ({ type, quantity }) => quantity > 0 && (scaleDown === "all" || scaleDown.includes(type)),
  );
  const stopped = stillStopped(run, formation);
  const processes = running.map(({ type, quantity }) => ({ type, quantity }));
  if (processes.length + stopped.length > 0)
    await remember({ formation: { app, processes: [...stopped, ...processes] } });
  else await run.state.clear("formation");
  if (processes.length === 0) return "no process to stop";
  await scaleFormation(
    heroku,
    app,
    processes.map(({ type }) => ({ type, quantity: 0 })),
  );
  const left = await waitForDynos(
    run,
    heroku,
    processes.map(({ type }) => type),
  );
  const scaled = `${listNames(processes.map(({ type, quantity }) => `${type} (${quantity})`))} scaled to 0`;
  return left.length === 0 ? scaled : `${scaled}, but ${listNames(left)} still running`;
}

/** Heroku gives a dyno 30 s after SIGTERM (Heroku Dev Center, "Dyno shutdown behavior"): until then it may write. */
const dynoPatienceMs = 60_000;
const dynoPollMs = 2_000;

/** Waits until no dyno of these types is left; what is left after that is named, and may still write. */
async function waitForDynos(run: Run, heroku: HerokuApi, types: readonly string[]): Promise<string[]> {
  const deadline = Date.now() + dynoPatienceMs;
  for (;;) {
    const dynos = await listDynos(heroku, run.inputs.heroku.app, { signal: run.signal });
    const left = dynos.filter(({ type }) => types.includes(type)).map(({ name }) => name);
    if (left.length === 0 || Date.now() >= deadline) return left;
    await sleep(dynoPollMs, run.signal);
  }
}

/** What an earlier run has scaled to 0 and nobody has started since. */
function stillStopped(run: Run, formation: readonly { type: string; quantity: number }[]): Process[] {
  const stopped = new Set(formation.filter(({ quantity }) => quantity === 0).map(({ type }) => type));
  return (run.state.current.formation?.processes ?? []).filter(({ type }) => stopped.has(type));
}

type Process = NonNullable<Before["formation"]>["processes"][number];

function refuseUnknownTypes(app: string, wanted: readonly string[] | "all", types: readonly string[]): void {
  const unknown = wanted === "all" ? [] : wanted.filter((type) => !types.includes(type));
  if (unknown.length === 0) return;
  throw new MigrationError(`The app ${app} has no process type ${listNames(unknown)}.`, {
    code: "PROCESS_TYPE_UNKNOWN",
    hint:
      types.length === 0
        ? "It has no formation: leave scale-down empty."
        : `Set scale-down to some of ${listNames(types, 12)}, or to all.`,
  });
}

/** Puts formation and maintenance mode back as they were. Safe to call again: what is done is cleared from the state. */
export async function wakeApp(run: Run, heroku: HerokuApi, signal?: AbortSignal): Promise<string[]> {
  const { formation, maintenance } = run.state.current;
  const done: string[] = [];
  const problems: unknown[] = [];
  const attempt = async (work: () => Promise<string>): Promise<void> => {
    try {
      done.push(await work());
    } catch (error) {
      problems.push(error);
    }
  };
  if (formation !== undefined) {
    await attempt(async () => {
      await scaleFormation(heroku, formation.app, formation.processes, { signal });
      await run.state.clear("formation");
      return `${listNames(formation.processes.map(({ type, quantity }) => `${type} (${quantity})`))} running again`;
    });
  }
  // A process type that a deploy has taken away must not keep the app in maintenance.
  if (maintenance !== undefined) {
    await attempt(async () => {
      await setMaintenance(heroku, maintenance.app, maintenance.was, { signal });
      await run.state.clear("maintenance");
      return `maintenance mode ${maintenance.was ? "on, as before" : "off"}`;
    });
  }
  if (problems.length > 0) throw problems.length === 1 ? problems[0] : new AggregateError(problems);
  return done;
}

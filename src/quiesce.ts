import { MigrationError } from "./errors.ts";
import { listNames } from "./format.ts";
import type { HerokuApi } from "./heroku/api.ts";
import { readApp, setMaintenance } from "./heroku/apps.ts";
import { listFormation, scaleFormation } from "./heroku/formation.ts";
import type { Run } from "./run.ts";

/**
 * Maintenance mode and formation before they are changed. What was is on disk before anything is switched, so that a run
 * that dies can be undone by `cleanup`.
 */
export async function quietApp(run: Run, heroku: HerokuApi): Promise<string[]> {
  const { maintenanceMode, scaleDown } = run.inputs.heroku;
  const done: string[] = [];
  if (maintenanceMode) done.push(await startMaintenance(run, heroku));
  if (scaleDown === "all" || scaleDown.length > 0) done.push(await stopProcesses(run, heroku));
  return done;
}

async function startMaintenance(run: Run, heroku: HerokuApi): Promise<string> {
  const { app } = run.inputs.heroku;
  const { isInMaintenance } = await readApp(heroku, app, { signal: run.signal });
  if (isInMaintenance) return "the app was in maintenance mode already";
  await run.state.set({ maintenance: { app, was: false } });
  await setMaintenance(heroku, app, true, { signal: run.signal });
  return "maintenance mode on";
}

async function stopProcesses(run: Run, heroku: HerokuApi): Promise<string> {
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
  if (running.length === 0) return "no process to stop";
  const processes = running.map(({ type, quantity }) => ({ type, quantity }));
  await run.state.set({ formation: { app, processes } });
  await scaleFormation(
    heroku,
    app,
    processes.map(({ type }) => ({ type, quantity: 0 })),
    { signal: run.signal },
  );
  return `${listNames(processes.map(({ type, quantity }) => `${type} (${quantity})`))} scaled to 0`;
}

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
  if (formation !== undefined) {
    await scaleFormation(heroku, formation.app, formation.processes, { signal });
    await run.state.clear("formation");
    done.push(`${listNames(formation.processes.map(({ type, quantity }) => `${type} (${quantity})`))} running again`);
  }
  if (maintenance !== undefined) {
    await setMaintenance(heroku, maintenance.app, maintenance.was, { signal });
    await run.state.clear("maintenance");
    done.push(`maintenance mode ${maintenance.was ? "on, as before" : "off"}`);
  }
  return done;
}

import { appName } from "../local/world.ts";
import type { ChildEnd, ChildRun } from "./child-run.ts";
import type { FaultCase, FaultResult } from "./fault-case.ts";
import { type Trace, findLeaks, readTraces } from "./leaks.ts";
import type { SeenProcess } from "./processes.ts";
import type { Scene } from "./scene.ts";

const exitCodes = { recovered: 0, unverified: 4, failed: 1, blocked: 2, interrupted: 130, killed: null } as const;

const patienceMs = 90_000;

/** Injects one fault into a migration, lets a second run finish what the first could not, and says what is not as designed. */
export async function runCase(scene: Scene, fault: FaultCase): Promise<FaultResult> {
  await scene.reset();
  const startedAt = performance.now();
  const digest = await scene.sourceDigest();
  await fault.arrange?.(scene);
  const run = scene.start("migrate", fault.options);
  const problems = await interfere(scene, fault, run);
  const first = await run.finished;
  endFaults(scene);
  problems.push(...judgeEnd(fault, first));
  // Before cleanup empties the state.
  const traces = await collectTraces("the first run", run);
  if (fault.expect !== "recovered") problems.push(...(await judgeFailure(scene, fault, run, traces)));
  const second = fault.expect === "recovered" ? undefined : await runAgain(scene, fault, run, { problems, traces });
  problems.push(...(await judgeOutcome(scene, fault)));
  problems.push(...((await fault.inspect?.(scene, { first, second })) ?? []));
  if ((await scene.sourceDigest()) !== digest && fault.between === undefined) problems.push("the source has changed");
  traces.push(...(await readBucket(scene)), ...(await readArtifacts(scene, run)));
  problems.push(...findLeaks(traces, scene.world.secrets));
  return {
    area: fault.area,
    fault: fault.fault,
    expected: fault.expect,
    problems,
    seconds: (performance.now() - startedAt) / 1000,
    message: messageOf(first),
  };
}

async function interfere(scene: Scene, fault: FaultCase, run: ChildRun): Promise<string[]> {
  const late = setTimeout(() => run.process.kill("SIGKILL"), patienceMs);
  try {
    await Promise.race([fault.during?.(scene, run) ?? run.finished, run.finished]);
    return [];
  } catch (error) {
    return [`interfering failed: ${(error as Error).message}`];
  } finally {
    await run.finished;
    clearTimeout(late);
  }
}

function endFaults({ world, proxy }: Scene): void {
  world.bucket.faults.clear();
  world.heroku.faults.clear();
  proxy.open();
  proxy.refuseNext = 0;
}

function judgeEnd({ expect, says }: FaultCase, end: ChildEnd): string[] {
  const problems: string[] = [];
  const code = exitCodes[expect];
  if (end.code !== code) problems.push(`it ended with ${end.code ?? end.signal} instead of ${code ?? "SIGKILL"}`);
  if (says !== undefined && !says.test(end.said)) problems.push(`it did not say ${says}`);
  if (/MigrationError|\bat .*\.ts:\d+/u.test(end.output)) problems.push("a stack trace was printed");
  return problems;
}

/** After the failed run, and its cleanup where one comes. */
async function judgeFailure(scene: Scene, fault: FaultCase, run: ChildRun, traces: Trace[]): Promise<string[]> {
  const problems: string[] = [];
  fault.mend?.(scene);
  if (fault.cleanup !== "never" && fault.options?.temp === undefined) {
    const cleanup = scene.start("cleanup", { temp: run.temp, runId: run.runId });
    const end = await cleanup.finished;
    traces.push(...(await collectTraces("cleanup", cleanup)));
    if (end.code !== 0) problems.push(`cleanup ended with ${end.code}: ${end.said.slice(-300)}`);
    problems.push(...(await listLeftovers(scene)));
  }
  const state = await scene.targetState();
  if (fault.target === "untouched" && state !== "untouched") problems.push(`the target is ${state}, not untouched`);
  const restores = countRestores(scene);
  if (fault.target === "untouched" && restores > 0) problems.push(`${restores} restores were started`);
  return problems;
}

/** As "Re-run failed jobs" does it: the next attempt of the same run, on another machine. */
async function runAgain(
  scene: Scene,
  fault: FaultCase,
  run: ChildRun,
  { problems, traces }: { problems: string[]; traces: Trace[] },
): Promise<ChildEnd> {
  await fault.between?.(scene);
  const inputs = fault.options?.inputs?.["safety-backup"];
  const again = scene.start("migrate", {
    runId: run.runId.replace(/-1$/u, "-2"),
    ...(inputs === undefined ? {} : { inputs: { "safety-backup": inputs } }),
  });
  const late = setTimeout(() => again.process.kill("SIGKILL"), patienceMs);
  const end = await again.finished;
  clearTimeout(late);
  traces.push(...(await collectTraces("the second run", again)));
  if (end.code !== 0) problems.push(`the second run ended with ${end.code ?? end.signal}: ${messageOf(end)}`);
  return end;
}

/** However many runs it took. */
async function judgeOutcome(scene: Scene, fault: FaultCase): Promise<string[]> {
  const problems = await listLeftovers(scene);
  const state = await scene.targetState();
  if (state !== "complete") problems.push(`the target is ${state} in the end, not complete`);
  const restores = countRestores(scene);
  const expected = fault.restores ?? 1;
  if (restores !== expected) problems.push(`${restores} restores were started, not ${expected}`);
  const running = scene.world.heroku.state.transfers.filter(({ finishedAt }) => finishedAt === null).length;
  if (running > 0) problems.push(`${running} transfers are still running`);
  return problems;
}

function countRestores({ world }: Scene): number {
  return world.heroku.state.transfers.filter(
    ({ toType, fromUrl }) => toType === "pg_restore" && !fromUrl.includes("elsewhere"),
  ).length;
}

const ownSessionsSql = `
  select count(*)::int as count from pg_stat_activity where application_name like 'migrate-to-heroku-postgres%'`;
const frozenSql = `
  select count(*)::int as count from pg_db_role_setting s, unnest(s.setconfig) as setting
  where setting like 'default_transaction_read_only=%'`;

/** What no ending may leave behind. */
async function listLeftovers({ world, sql: _sql }: Scene): Promise<string[]> {
  const problems: string[] = [];
  const app = world.heroku.app(appName);
  if (app.maintenance) problems.push("the app is still in maintenance mode");
  const formation = app.formation.map(({ type, quantity }) => `${type}=${quantity}`).join(" ");
  if (formation !== "web=2 worker=1") problems.push(`the formation is ${formation}`);
  if (world.bucket.uploads().length > 0) problems.push("an incomplete upload is left in the bucket");
  if (world.bucket.objects.list().some(({ key }) => key.endsWith("/claim.json"))) problems.push("the claim is left");
  const count = async (query: string): Promise<number> =>
    (await world.source.query<{ count: number }>(world.sourceDatabase, query))[0]?.count ?? 0;
  if ((await count(frozenSql)) > 0) problems.push("the source is still read-only");
  if ((await settled(() => count(ownSessionsSql))) > 0) problems.push("sessions of ours are left on the source");
  return problems;
}

/** A server takes a moment to notice that a client is gone. */
async function settled(count: () => Promise<number>): Promise<number> {
  let last = 0;
  for (let tries = 0; tries < 20; tries += 1) {
    last = await count();
    if (last === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return last;
}

async function readBucket({ world }: Scene): Promise<Trace[]> {
  const keys = world.bucket.objects.list().filter(({ key }) => !key.endsWith(".dump"));
  return await Promise.all(
    keys.map(async ({ key }) => ({ where: `the bucket's ${key}`, bytes: await world.bucket.objects.read(key) })),
  );
}

/** Of every attempt of the run. */
async function readArtifacts({ world }: Scene, run: ChildRun): Promise<Trace[]> {
  const [number = ""] = run.runId.split("-");
  const own = world.artifacts.list().filter(({ runId }) => runId === number);
  const files = await Promise.all(own.map(({ name }) => world.artifacts.read(name)));
  return files.flatMap((content) =>
    [...content].map(([name, bytes]) => ({ where: `the artifact ${name}`, bytes: Buffer.from(bytes) })),
  );
}

/** What a step has said, the programs that it has started, and every file that it has left. */
async function collectTraces(who: string, run: ChildRun): Promise<Trace[]> {
  const { output, processes } = await run.finished;
  const said = { where: `${who}'s output`, bytes: Buffer.from(output) };
  const files = [...(await readTraces(run.temp)), ...(await readTraces(run.files))];
  return [said, ...processes.flatMap(tracesOfChild), ...files];
}

/** Anybody on the machine can read the argv; the environment may hold pg_dump's password and nothing else. */
function tracesOfChild({ argv, environment }: SeenProcess): Trace[] {
  const [program = ""] = argv.split("\0");
  const rest = [...environment].filter(([name]) => !(name === "PGPASSWORD" && program.endsWith("pg_dump")));
  return [
    { where: `the argv of ${program}`, bytes: Buffer.from(argv) },
    { where: `the environment of ${program}`, bytes: Buffer.from(JSON.stringify(rest)) },
  ];
}

/** Why it failed, else its verdict, without what changes from run to run. */
export function messageOf({ output, said }: ChildEnd): string {
  const errors = output.split("\n").filter((line) => line.startsWith("::error::"));
  const [headline = ""] = said.split("\n").filter((line) => line.startsWith("#"));
  const message = errors.at(-1)?.slice("::error::".length).split("%0A")[0] ?? headline.replace(/^#+ */u, "");
  return message
    .replaceAll(/\/tmp\/\S+/gu, "…")
    .replaceAll(/127\.0\.0\.1:\d+/gu, "127.0.0.1")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gu, "…")
    .replaceAll(/\d{10}-\d/gu, "…");
}

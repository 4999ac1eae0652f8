import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareRows } from "../local/demo/compare.ts";
import { execute } from "../local/demo/fill.ts";
import { withSession } from "../local/heroku/connection.ts";
import { wipeDatabase } from "../local/heroku/wipe.ts";
import { type Proxy, startProxy } from "../local/proxy.ts";
import { type World, addonName, appName, startWorld } from "../local/world.ts";
import { type ChildOptions, type ChildRun, startChild } from "./child-run.ts";

/** A source behind a proxy, an old target, a Heroku and a bucket, that are put back before every fault. */
export interface Scene extends AsyncDisposable {
  world: World;
  proxy: Proxy;
  folder: string;
  /** As superuser, in the source's database. */
  sql: (statement: string) => Promise<void>;
  start: (command: string, options?: Partial<ChildOptions>) => ChildRun;
  /** Everything as at the beginning, the gate passed. */
  reset: () => Promise<void>;
  sourceDigest: () => Promise<string>;
  /** `complete`: the source's rows, and nothing of the old content. `untouched`: the old content, whole. */
  targetState: () => Promise<"complete" | "untouched" | "other">;
}

/** Few rows with a bit of everything, and enough random bytes for an archive of several parts. */
const sourceSql = `
  create table customers (id int primary key, email text unique not null, settings jsonb not null default '{}');
  create table orders (id bigserial primary key, customer_id int not null references customers, total numeric(12, 2), note text);
  create index orders_customer on orders (customer_id);
  create table photos (id int primary key, bytes bytea not null);
  alter table photos alter bytes set storage external;
  create view big_orders as select * from orders where total > 100;
  insert into customers select i, 'customer' || i || '@example.com', jsonb_build_object('level', i % 7) from generate_series(1, 500) i;
  insert into orders (customer_id, total, note) select 1 + i % 500, i * 1.5, case when i % 3 = 0 then E'tab\\there' end from generate_series(1, 3000) i;
  insert into photos select i, (select decode(string_agg(md5((i * 100000 + n)::text), ''), 'hex') from generate_series(1, 16384) n) from generate_series(1, 48) i;
  select lo_from_bytea(0, convert_to('a large object', 'UTF8'));`;

const oldContentSql = `
  create table old_content (id int primary key, note text);
  insert into old_content select i, 'kept ' || i from generate_series(1, 10) i;`;

export async function openScene(): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const world = opened.use(await startWorld({ sourceSettings: { fsync: "off" } }));
  const proxy = opened.use(await startProxy(() => world.source.port));
  const folder = await mkdtemp(join(tmpdir(), "faults-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await execute(world.sourceUrl, sourceSql);
  const inputs = inputsOf(world, proxy);
  const scene = { world, proxy, folder, ...questions(world) };
  const start = (command: string, options: Partial<ChildOptions> = {}): ChildRun => {
    const own = Object.entries(options.inputs ?? {}).map(([name, value]) => [
      name,
      value.replace(":PORT/", `:${proxy.port}/`),
    ]);
    const runId = options.runId ?? `${randomInt(1_000_000_000, 9_999_999_999)}-1`;
    const environment = { ...artifactVariables(world, runId), ...options.environment };
    return startChild(command, {
      folder,
      ...options,
      runId,
      environment,
      inputs: { ...inputs, ...Object.fromEntries(own) },
    });
  };
  await resetTarget(world);
  await start("preflight").finished;
  const gate = await Promise.all(
    world.bucket.objects.list().map(async ({ key }) => ({ key, content: await world.bucket.objects.read(key) })),
  );
  const stack = opened.move();
  return {
    ...scene,
    start,
    reset: () => reset(world, proxy, gate),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function inputsOf(world: World, proxy: Proxy): Record<string, string> {
  const sourceUrl = new URL(world.sourceUrl);
  sourceUrl.port = String(proxy.port);
  return {
    ...world.inputs,
    "source-database-url": sourceUrl.href,
    confirm: appName,
    "scale-down": "worker",
    "freeze-source": "database",
    "stall-minutes": "0.3",
    jobs: "2",
  };
}

/** What a runner gives to JavaScript actions alone. */
function artifactVariables({ artifacts }: World, run: string): Record<string, string> {
  const [runId = "", attempt] = run.split("-");
  const token = artifacts.issueToken({ runId, jobId: `migrate-${randomInt(1e9)}`, attempt: Number(attempt) });
  return { ACTIONS_RESULTS_URL: artifacts.url, ACTIONS_RUNTIME_TOKEN: token };
}

function questions(world: World): Pick<Scene, "sql" | "sourceDigest" | "targetState"> {
  return {
    sql: async (statement) => void (await world.source.query(world.sourceDatabase, statement)),
    sourceDigest: async () => {
      const tables = ["customers", "orders", "photos"];
      const parts = tables.map(
        (name) => `(select coalesce(sum(hashtextextended(t::text, 7)), 0)::text from ${name} t)`,
      );
      const [row] = await world.source.query<{ digest: string }>(
        world.sourceDatabase,
        `select concat_ws(' ', ${parts.join(", ")}) as digest`,
      );
      return row?.digest ?? "";
    },
    targetState: async () => {
      const target = world.connectTarget();
      const old = await withSession(target, target.superuser, (client) =>
        client.query("select count(*)::int as count from old_content where note = 'kept ' || id"),
      ).catch(() => undefined);
      if (old !== undefined) return old.rows[0]?.count === 10 ? "untouched" : "other";
      const { different, rows } = await compareRows(world);
      return different.length === 0 && rows > 3000 ? "complete" : "other";
    },
  };
}

async function reset(world: World, proxy: Proxy, gate: readonly { key: string; content: Buffer }[]): Promise<void> {
  const { heroku, bucket, source } = world;
  proxy.open();
  proxy.refuseNext = 0;
  proxy.reset();
  bucket.faults.clear();
  bucket.keyring.expire(Infinity);
  for (const { key } of bucket.objects.list()) await bucket.objects.delete(key);
  for (const { key, content } of gate) await bucket.objects.put(key, content);
  for (const transfer of heroku.state.transfers) if (transfer.finishedAt === null) heroku.cancel(transfer);
  await heroku.idle();
  heroku.faults.clear();
  heroku.state.transfers.length = 0;
  const app = heroku.app(appName);
  app.maintenance = false;
  for (const entry of app.formation) entry.quantity = entry.type === "web" ? 2 : 1;
  heroku.database(addonName).status = "Available";
  await source.query("postgres", `alter database ${world.sourceDatabase} reset default_transaction_read_only`);
  await resetTarget(world);
}

async function resetTarget(world: World): Promise<void> {
  const target = world.connectTarget();
  await wipeDatabase(target);
  await withSession(target, target.owner, (client) => client.query(oldContentSql));
}

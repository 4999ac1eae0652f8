import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { codesOf, createTarget, runScene } from "./scene.ts";

const tables = 5000;
const secondsAllowed = 20;
let server: PostgresServer;
let targetServer: PostgresServer;

beforeAll(async () => {
  const settings = { autovacuum: "off", max_locks_per_transaction: "400", shared_buffers: "256MB" };
  [server, targetServer] = await Promise.all([startPostgres({ major: 17, settings }), startPostgres({ major: 17 })]);
  await fill(server.superuserUrl("postgres"));
}, 180_000);

afterAll(async () => {
  await Promise.all([server?.stop(), targetServer?.stop()]);
});

/** 5,000 tables with a primary key and three more indexes each. */
async function fill(url: string): Promise<void> {
  const fillers = [0, 1].map(async (part) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("set client_min_messages = warning");
    const step = 250;
    for (let from = (part * tables) / 2; from < ((part + 1) * tables) / 2; from += step) {
      await client.query(`do $$ begin for i in ${from} .. ${from + step - 1} loop
        execute format('create table t%s (id int primary key, a int, b int unique, c text)', i);
        execute format('create index on t%s (a); create index on t%s (lower(c))', i, i); end loop; end $$`);
    }
    await client.end();
  });
  await Promise.all(fillers);
}

test(`5,000 tables and 20,000 indexes are looked at in less than ${secondsAllowed} s`, async () => {
  const target = await createTarget(targetServer, "target");
  const startedAt = performance.now();
  const result = await runScene({ source: server.superuserUrl("postgres"), target });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${seconds.toFixed(1)} s for ${result.source?.tableCount} tables`);
  const slowest = result.checks.toSorted((a, b) => b.seconds - a.seconds).slice(0, 5);
  console.log(slowest.map((check) => `${check.seconds.toFixed(2)} s ${check.title}`).join("\n"));
  expect(result.source?.tableCount).toBe(tables);
  expect(codesOf(result).filter((code) => code.startsWith("COULD_NOT"))).toEqual([]);
  expect(seconds).toBeLessThan(secondsAllowed);
});

import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** Rounds of statements such as applications and autovacuum run; each on its own. */
const statements = [
  "insert into orders (customer_id, state, note, placed_at) select 1, 'paid', 'while dumping', '2025-06-01'::timestamptz + i * interval '1 second' from generate_series(1, 50) i",
  "update customers set full_name = full_name || '!' where id % 13 = (random() * 12)::int",
  "update products set description = repeat('changed ', 400) where id % 5 = 0",
  "delete from order_lines where order_id % 101 = (random() * 100)::int",
  "delete from audit_log where id % 2 = 0",
  "update order_lines set quantity = quantity + 1 where order_id % 17 = (random() * 16)::int",
  "vacuum customers, order_lines, products",
  "select lo_put(document, 0, 'changed') from billing.invoices limit 5",
];

/** Changes the shop without a pause until it is stopped. */
export async function startChanges(
  url: string,
): Promise<{ atLeast(rounds: number): Promise<void>; stop(): Promise<number> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const state = { rounds: 0, isStopped: false };
  const work = (async () => {
    while (!state.isStopped) {
      for (const sql of statements) await client.query(sql);
      state.rounds += 1;
    }
  })();
  work.catch(() => undefined);
  return {
    async atLeast(count) {
      for (; state.rounds < count; await sleep(10)) await Promise.race([work, sleep(10)]);
    },
    async stop() {
      state.isStopped = true;
      await work;
      await client.end();
      return state.rounds;
    },
  };
}

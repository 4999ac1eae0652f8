import { readFile } from "node:fs/promises";
import pg from "pg";

/** Creates the shop in the database behind the URL, as its owner. `rows` is the number of orders. */
export async function fillShop(url: string, rows: number): Promise<void> {
  const sql = await readFile(new URL("shop.sql", import.meta.url), "utf8");
  await execute(url, sql.replaceAll(":rows", String(rows)));
}

/** Statements on a connection of their own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

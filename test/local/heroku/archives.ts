import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PostgresServer } from "../postgres/servers.ts";
import { withSession } from "./connection.ts";
import { createTarget } from "./target.ts";

const execute = promisify(execFile);

/** What the server's own pg_dump makes of a fresh database after `sql` was run there by the superuser. */
export async function dumpArchive(
  server: PostgresServer,
  clients: string,
  sql: string,
  args: string[] = [],
): Promise<Buffer> {
  const source = (await createTarget(server))();
  const { database, host, port, superuser } = source;
  await withSession(source, superuser, (client) => client.query(sql));
  const folder = await mkdtemp(join(tmpdir(), "local-heroku-archive-"));
  try {
    const file = join(folder, "archive.dump");
    const where = [`--host=${host}`, `--port=${port}`, `--username=${superuser.user}`, `--file=${file}`];
    await execute(join(clients, String(server.major), "bin/pg_dump"), ["-Fc", ...args, ...where, database], {
      env: { PGPASSWORD: superuser.password },
    });
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

import { execFile } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { Session } from "../../src/postgres/session.ts";
import { readSettingsCsv } from "../../src/preflight/settings-csv.ts";
import { clientDirectory } from "../local/postgres/clients.ts";
import { startPostgres } from "../local/postgres/servers.ts";

const secret = "hunter2-in-a-command";

test("settings.csv is, redactions aside, the very bytes that psql's \\copy writes in the same session settings", async () => {
  await using server = await startPostgres({
    major: 17,
    settings: {
      archive_command: `curl -u me:${secret} https://archive.example/%f`,
      primary_conninfo: `host=x password=${secret}`,
    },
  });
  await server.query("postgres", `alter database postgres set search_path = "a ""quoted"", comma\nand a line", public`);
  const url = server.superuserUrl("postgres");
  await using session = await Session.open(parseDatabaseUrl(url, "source"), { applicationName: "same name" });
  const { text, redactions } = await readSettingsCsv(session);
  const byPsql = await copyWithPsql(url);
  expect(redactions).toBe(2);
  expect(text).not.toContain(secret);
  const blanked = byPsql.replaceAll(/"?(curl -u me:hunter2[^,"]*|host=x password=hunter2[^,"]*)"?/gu, "***");
  expect(text).toBe(blanked);
  expect(text).toContain('"""a """"quoted"""", comma\nand a line"", public"');
  expect(text.split("\n").length).toBeGreaterThan(350);
});

/** \copy itself, as the guides have it; only what a client names itself must be alike. */
async function copyWithPsql(url: string): Promise<string> {
  const psql = join(await clientDirectory(15), "15/bin/psql");
  const folder = await mkdtemp(join(tmpdir(), "psql-"));
  const file = join(folder, "settings.csv");
  try {
    const command = `\\copy (select * from pg_settings) to '${file}' with (format csv, header true)`;
    const env = { PATH: process.env["PATH"], PGAPPNAME: "same name", PGCLIENTENCODING: "UTF8" };
    await promisify(execFile)(psql, ["-X", "-d", url, "-c", command], { env });
    return await readFile(file, "utf8");
  } finally {
    await rm(folder, { recursive: true });
  }
}

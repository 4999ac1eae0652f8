import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRows } from "./local/demo/compare.ts";
import { execute } from "./local/demo/fill.ts";
import { runMigration } from "./local/demo/migration.ts";
import type { WorkflowResult } from "./local/runner/results.ts";
import { type World, startWorld } from "./local/world.ts";

const run = promisify(execFile);
const name = pg.escapeIdentifier;

const markup = `<img src=x onerror=alert(1)>`;
/** Names that want to be something else. */
const names = {
  quotes: `it's "quoted"" \\ and $$dollar$$`,
  sql: `x"; drop table victim; --`,
  sqlOnANewLine: `x\n; drop table victim; --`,
  command: `a\n::error title=pwned::boo`,
  setOutput: `::set-output name=pwned::yes%0A`,
  addMask: `\r\n::add-mask::migrated`,
  markdown: "| cell | `code` [link](https://evil.example.com) **bold**",
  html: `${markup}</td></script>`,
  formula: `=cmd|'/c calc'!A0`,
  emoji: `🐘 snow ☃ ‮right-to-left`,
  longest: "é".repeat(31) + "x",
  blank: ` `,
  words: `select`,
};

const database = `shop "1" %41 | <b>pwned\n'x'`;
const role = `owner\n::error::pwned "x" =1+1`;
const password = `p'a"ss\\w ord%41 ☃`;
const extension = `=cmd|'x' ${markup}`;
const application = `::error title=pwned::x | <b>bold</b> =1+1`;

function schemaSql(): string {
  const tables = Object.values(names).map((table, index) => {
    const column = Object.values(names)[(index + 3) % Object.keys(names).length] ?? "c";
    const id = `id_${index}`;
    return `
      create table ${name(table)} (${id} int primary key, ${name(column)} text default ${pg.escapeLiteral(table)});
      insert into ${name(table)} (${id}, ${name(column)}) select i, ${pg.escapeLiteral(`${table}\t${column}`)} || i from generate_series(1, 20) i;
      create index ${name(`i_${index}_${table}`.slice(0, 30))} on ${name(table)} (${name(column)});
      comment on table ${name(table)} is ${pg.escapeLiteral(table)};
      comment on column ${name(table)}.${name(column)} is ${pg.escapeLiteral(`${column}\n::error::pwned`)};`;
  });
  return [
    `create schema ${name(names.html)}; create table ${name(names.html)}.${name(names.command)} (n int)`,
    `create table victim (n int); insert into victim values (1)`,
    `create type ${name(`${names.formula} kind`)} as enum (${pg.escapeLiteral(names.command)}, ${pg.escapeLiteral(names.sql)})`,
    `create table kinds (kind ${name(`${names.formula} kind`)}); insert into kinds values (${pg.escapeLiteral(names.sql)})`,
    `create sequence ${name(`seq ${names.sqlOnANewLine}`)} start 7; select nextval(${pg.escapeLiteral(name(`seq ${names.sqlOnANewLine}`))})`,
    ...tables,
    `create view ${name(`view ${names.setOutput}`)} as select * from ${name(names.quotes)}`,
  ].join(";\n");
}

describe("a source whose every name is hostile", () => {
  let world: World;
  let result: WorkflowResult;
  let bystander: pg.Client;
  const artifact = async (file: string): Promise<string> =>
    [...(await world.artifacts.read(file)).values()].map((bytes) => bytes.toString("utf8")).join("");

  beforeAll(async () => {
    world = await startWorld({
      providerExtensions: [
        {
          name: extension,
          version: "1.0",
          sql: "create function agent_ping() returns int language sql as 'select 1';",
        },
      ],
    });
    const url = await world.source.createOwner({ role, password, database });
    await execute(url, schemaSql());
    await execute(
      world.source.superuserUrl(database),
      `create schema agent; create extension ${name(extension)} schema agent;
       create role ${name(names.sqlOnANewLine)}; grant select on victim to ${name(names.sqlOnANewLine)};
       create role ${name(names.command)}; grant select on victim to ${name(names.command)}`,
    );
    world.inputs["source-database-url"] = url;
    world.secrets.push(password, encodeURIComponent(password));
    Object.assign(world, { sourceDatabase: database });
    bystander = new pg.Client({ connectionString: url, application_name: application });
    await bystander.connect();
    result = await runMigration(world, { inputs: { "exclude-extensions": extension, "exclude-schemas": "agent" } });
  });
  afterAll(async () => {
    await bystander?.end();
    await world?.[Symbol.asyncDispose]();
  });

  test("is migrated completely, and verified", async () => {
    expect(result.log.split("\n").filter((line) => line.startsWith("##[error]"))).toEqual([]);
    expect(result.conclusion).toBe("success");
    expect(result.outputs["verdict"]).toBe("migrated");
    const { different, tables } = await compareRows(world);
    expect(different).toEqual([]);
    expect(tables).toBe(Object.keys(names).length + 3);
  });

  test("gives the runner no command", () => {
    const annotations = Object.values(result.jobs).flatMap((job) => job.annotations);
    expect(annotations.filter(({ properties }) => properties["title"] === "pwned")).toEqual([]);
    expect(annotations.filter(({ message }) => /^(?:boo|pwned|x \|)/u.test(message))).toEqual([]);
    for (const job of Object.values(result.jobs)) {
      for (const step of job.steps) expect(Object.keys(step.outputs)).not.toContain("pwned");
    }
    expect(result.outputs["verdict"]).not.toBe("***");
    expect(result.log.split("\n").filter((line) => /^::|^##\[(?:error|warning)\](?:boo|pwned)/u.test(line))).toEqual(
      [],
    );
  });

  test("puts no markup into the job summaries", () => {
    for (const job of Object.values(result.jobs)) {
      const tree = fromMarkdown(job.summary, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
      const found: string[] = [];
      walk(tree, (node) => {
        if (node.type === "html" && /<(?:img|script|b>)/iu.test(node.value ?? "")) found.push(node.value ?? "");
        if ((node.type === "link" || node.type === "image") && node.url?.includes("evil") === true)
          found.push(node.url);
      });
      expect(found).toEqual([]);
    }
  });

  test("puts no markup into the pages", async () => {
    for (const page of ["preflight-1-report.html", "migrate-1-report.html"]) {
      const html = await artifact(page);
      expect(html).not.toContain(markup);
      expect(html).not.toMatch(/<b>bold<\/b>/u);
      expect(html.match(/<\/script>/gu)?.length ?? 0).toBe(html.match(/<script[\s>]/gu)?.length ?? 0);
    }
  });

  test("leaves no cell that a spreadsheet would run", async () => {
    for (const file of ["preflight-1-connections.csv", "preflight-1-extensions.csv", "preflight-1-settings-diff.csv"]) {
      const text = await artifact(file);
      expect(
        text
          .split(/\r?\n/u)
          .flatMap((line) => cellsOf(line))
          .filter((cell) => /^[=@\t\r]|^[+-](?![\d.]+$)/u.test(cell)),
      ).toEqual([]);
    }
    expect(await artifact("preflight-1-connections.csv")).toContain("::error title=pwned::x");
  });

  test("writes JSON that is JSON", async () => {
    expect(JSON.parse(await artifact("migrate-1-verification.json"))).toMatchObject({ outcome: "match" });
    expect(JSON.parse(await artifact("preflight-1-preflight.json"))).toMatchObject({ version: 1 });
  });

  test("writes SQL that does only what it says", async () => {
    const sql = await artifact("preflight-1-losses.sql");
    expect(sql).toContain("victim");
    const { host, port, database: target, superuser } = world.connectTarget();
    const env = {
      PATH: process.env["PATH"],
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: superuser.user,
      PGPASSWORD: superuser.password,
      PGDATABASE: target,
    };
    await run(join(world.clients, "15", "bin", "psql"), ["-X", "-q", "-c", sql], { env }).catch(() => undefined);
    await run("bash", ["-c", `printf '%s' "$SQL" | "$PSQL" -X -q`], {
      env: { ...env, SQL: sql, PSQL: join(world.clients, "15", "bin", "psql") },
    }).catch(() => undefined);
    expect(await world.target.query(target, "select n from victim")).toEqual([{ n: 1 }]);
  });
});

interface Node {
  type: string;
  value?: string;
  url?: string;
  children?: Node[];
}

function walk(node: unknown, visit: (node: Node) => void): void {
  const { children = [] } = node as Node;
  visit(node as Node);
  for (const child of children) walk(child, visit);
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

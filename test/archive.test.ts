import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ContentFraming,
  largeObjectStart,
  largeObjectsBlockEnd,
  largeObjectsBlockStart,
  tableBlockStart,
} from "../src/archive/blocks.ts";
import { ContentsReader, encodingOf, parseHead, serializeHead, textOf } from "../src/archive/contents.ts";
import type { ArchiveHead } from "../src/archive/contents.ts";
import { editContents } from "../src/archive/edit.ts";
import { ArchiveFormatError } from "../src/archive/errors.ts";
import { withCompression } from "../src/archive/header.ts";
import type { ArchiveVersion, Compression } from "../src/archive/header.ts";
import { listEntries, renderListLine } from "../src/archive/list.ts";
import { deflatePiece, storedPiece, zstdPieceSync } from "../src/archive/pieces.ts";
import type { Piece } from "../src/archive/pieces.ts";
import { BlockScanner } from "../src/archive/scanner.ts";
import { verifyArchive } from "../src/archive/verify.ts";
import type { VerifiedArchive } from "../src/archive/verify.ts";
import type { Major } from "./local/postgres/binaries.ts";
import { availableClients, clientDirectory } from "./local/postgres/clients.ts";
import { createDatabase } from "./local/postgres/databases.ts";
import { temporaryBase } from "./local/postgres/identity.ts";
import { plainEnvironment } from "./local/postgres/programs.ts";
import { startPostgres } from "./local/postgres/servers.ts";
import type { PostgresServer } from "./local/postgres/servers.ts";

const source = `
  create extension hstore;
  comment on extension hstore is 'ours';
  create schema "Größe ""m""";
  create schema agent;
  create table "Größe ""m"""."two
lines" (id bigint generated always as identity primary key, body text, "ключ" text unique,
        twice int generated always as (length(body) * 2) stored, gone int);
  alter table "Größe ""m"""."two
lines" drop column gone;
  insert into "Größe ""m"""."two
lines" (body, "ключ")
    select repeat(E'a\\\\b\\tc\\n' || i, i % 50), 'k' || i from generate_series(1, 3000) as i;
  create table empty (a int);
  create table no_columns ();
  insert into no_columns select from generate_series(1, 7);
  create table marks (a text);
  insert into marks values ('\\.'), (''), (null), ('\\N'), (E'\\n\\\\.\\n'), (repeat('\\.' || chr(10), 9000));
  create table attributes (a hstore);
  insert into attributes values ('a=>1');
  create table parts (a int, b text) partition by range (a);
  create table parts_low partition of parts for values from (minvalue) to (500);
  create table parts_high partition of parts for values from (500) to (maxvalue);
  insert into parts select i, md5(i::text) from generate_series(1, 1000) as i;
  create table parent (a int);
  create table child (b int) inherits (parent);
  insert into parent values (1);
  insert into child values (2, 3);
  create materialized view counted as select count(*) from marks;
  create view shown as select a from marks;
  comment on view shown is 'a view';
  create table agent.state (a int primary key);
  insert into agent.state values (1), (2);
  create sequence numbers;
  select setval('numbers', 42);
  create table placed (a int primary key using index tablespace fast_place) tablespace fast_place;
  insert into placed select generate_series(1, 100);
  create function on_ddl() returns event_trigger language plpgsql as 'begin end';
  create event trigger on_ddl on ddl_command_start execute function on_ddl();
  comment on event trigger on_ddl is 'a trigger';
  create publication one for table marks;
  create publication everything for all tables;
  comment on publication one is 'a publication';
  create subscription incoming connection 'dbname=nowhere' publication one with (connect = false);
  select lo_from_bytea(i, convert_to(repeat('large ', i % 40), 'UTF8')) from generate_series(70000, 71200) as i;
  select lo_from_bytea(2147483648, 'half'), lo_from_bytea(4294967295, 'last'), lo_create(60000);
  select lo_from_bytea(60001, convert_to(repeat('0123456789', 40000), 'UTF8'));
  comment on large object 70000 is 'a large object';
`;

/** Everything that a restore brought, in one value a side: rows in any order, large objects, sequences, objects. */
const fingerprintQuery = `
  select json_build_object(
    'two', (select md5(string_agg(t::text, ',' order by id)) from "Größe ""m"""."two
lines" as t),
    'marks', (select md5(string_agg(md5(coalesce(a, 'null')), ',' order by a)) from marks),
    'parts', (select md5(string_agg(p::text, ',' order by a)) from parts as p),
    'attributes', (select string_agg(a::text, ',') from attributes),
    'counts', array[(select count(*) from empty), (select count(*) from no_columns), (select count(*) from only parent),
                    (select count(*) from child), (select count(*) from agent.state), (select count(*) from placed)],
    'counted', (select count from counted),
    'number', (select last_value from numbers),
    'objects', (select md5(string_agg(oid::text || md5(lo_get(oid)), ',' order by oid)) from pg_largeobject_metadata),
    'relations', (select string_agg(relname::text || relkind::text, ',' order by relname collate "C") from pg_class
                   where relnamespace in ('public'::regnamespace, '"Größe ""m"""'::regnamespace, 'agent'::regnamespace))
  ) as fingerprint`;

/** Makes the source in a database of its own; returns its URL. */
async function createSource(server: PostgresServer): Promise<string> {
  const database = await createDatabase(server);
  await server.query("postgres", "create tablespace fast_place location ''");
  await server.query(database, source);
  return server.superuserUrl(database);
}

interface Output {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

async function run(program: string, args: readonly string[], input?: Buffer): Promise<Output> {
  const child = spawn(program, args, { env: { ...plainEnvironment, LC_ALL: "C.UTF-8" } });
  // A program that refuses its input closes the pipe before it is written.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

async function runWell(program: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  const { code, stdout, stderr } = await run(program, args, input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** An archive cut into its head and its data blocks, by dump id. */
function takeApart(archive: Buffer): { head: ArchiveHead; blocks: Map<number, Buffer> } {
  const { head, headBytes } = parseHead(archive);
  const events = [...new BlockScanner({ offset: headBytes }).push(archive.subarray(headBytes))];
  const starts = events.flatMap((event) => (event.kind === "block" ? [event] : []));
  const blocks = starts.map(
    ({ dumpId, offset }, index) => [dumpId, archive.subarray(offset, starts[index + 1]?.offset)] as const,
  );
  return { head, blocks: new Map(blocks) };
}

function putTogether(head: ArchiveHead, blocks: ReadonlyMap<number, Buffer>): Buffer {
  const wanted = head.entries.filter(({ hasData }) => hasData).map(({ dumpId }) => blocks.get(dumpId) as Buffer);
  return Buffer.concat([serializeHead(head), ...wanted]);
}

const clients = (await availableClients()).filter((major) => major >= 15) as Major[];

describe.each(clients)("archives of PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let folder: string;
  let programs: string;
  let sourceUrl: string;
  let targets = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(temporaryBase(), "archive-test-"));
    programs = join(await clientDirectory(major), String(major), "bin");
    server = await startPostgres({ major, settings: { allow_in_place_tablespaces: "on" } });
    sourceUrl = await createSource(server);
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  function dump(...args: string[]): Promise<Buffer> {
    return runWell(join(programs, "pg_dump"), ["-Fc", ...args, "-d", sourceUrl]);
  }

  async function dumpToFile(...args: string[]): Promise<Buffer> {
    const file = join(folder, "archive.dump");
    await dump("-f", file, ...args);
    return readFile(file);
  }

  /** A plain user's database where, as on Heroku, somebody else has made the extensions. */
  async function createTarget(): Promise<string> {
    const role = `target${(targets += 1)}`;
    const url = await server.createOwner({ role, database: role, password: "x" });
    await server.query(role, "create extension hstore");
    return url;
  }

  function restore(url: string, archive: Buffer, ...args: string[]): Promise<Output> {
    return run(join(programs, "pg_restore"), ["--no-owner", "--no-privileges", "-d", url, ...args], archive);
  }

  async function fingerprint(url: string): Promise<string> {
    return String(await runWell(join(programs, "psql"), ["-X", "-A", "-t", "-d", url, "-c", fingerprintQuery]));
  }

  /** What a target without superusers can take. */
  function editForTarget(head: ArchiveHead): ArchiveHead {
    const all = { extensionComments: true, eventTriggers: true, publications: true, subscriptions: true };
    const { head: edited, conflicts } = editContents(head, { ...all, tablespaces: true });
    expect(conflicts).toEqual([]);
    return edited;
  }

  async function expectCopy(archive: Buffer, ...args: string[]): Promise<void> {
    const url = await createTarget();
    const { code, stderr } = await restore(url, archive, ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await fingerprint(url)).toBe(await fingerprint(sourceUrl));
  }

  const compressions = major >= 16 ? [["-Zzstd:3"], ["-Zlz4"], ["-Zgzip:1"]] : [["-Z1"]];

  test.each(
    [
      [],
      ["-Z0"],
      ["-Z9"],
      ...compressions,
      ["--create"],
      ["--schema-only"],
      ["--data-only"],
      ["--inserts"],
      ["--no-owner", "--no-privileges", "--no-comments"],
      ["--section=pre-data"],
      ["--section=data"],
      ["--encoding=SQL_ASCII"],
      ...(major >= 18 ? [["--statistics"]] : []),
    ].map((args) => [args.join(" "), args] as const),
  )("made with '%s' come back byte for byte and are sound", async (_name, args) => {
    for (const archive of [await dump(...args), await dumpToFile(...args)]) {
      const { head, headBytes } = parseHead(archive);
      expect(serializeHead(head).equals(archive.subarray(0, headBytes))).toBe(true);
      if (head.header.compression.algorithm !== "lz4") await verifyArchive([archive]);
    }
  });

  test("hold as many rows as the tables", async () => {
    const { blocks } = await verifyArchive([await dump()]);
    const database = new URL(sourceUrl).pathname.slice(1);
    for (const { schema, table, rows, oid, desc } of blocks) {
      if (desc === "BLOBS") continue;
      const only = `select count(*)::int as rows from only "${schema.replaceAll('"', '""')}"."${table}"`;
      expect(await server.query(database, only), table).toEqual([{ rows }]);
      expect(await server.query(database, `select relname from pg_class where oid = ${oid}`)).toEqual([
        { relname: table },
      ]);
    }
    const sizes = await server.query<{ oid: string; bytes: number }>(
      database,
      "select oid::int8, length(lo_get(oid)) as bytes from pg_largeobject_metadata order by oid",
    );
    const found = blocks.flatMap(({ largeObjects }) => largeObjects).sort((a, b) => a.oid - b.oid);
    expect(found).toEqual(sizes.map(({ oid, bytes }) => ({ oid: Number(oid), bytes })));
  });

  test("with standard output redirected to a file", async () => {
    const file = join(folder, "redirected.dump");
    await runWell("sh", ["-c", `"$0" -Fc -d "$1" > "$2"`, join(programs, "pg_dump"), sourceUrl, file]);
    const { trailingBytes, headBytes } = await verifyArchive([await readFile(file)], {
      tolerateTrailingContents: true,
    });
    expect(trailingBytes > 0).toBe(major >= 16);
    expect(trailingBytes).toBeLessThan(headBytes);
  });

  test("are listed as pg_restore lists them, before and after edits", async () => {
    const unlisted = new Set(["ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE"]);
    const { head, blocks } = takeApart(await dump());
    for (const each of [head, editForTarget(head), editContents(head, { schemas: ["agent"] }).head]) {
      const file = join(folder, "listed.dump");
      await writeFile(file, putTogether(each, blocks));
      const output = String(await runWell(join(programs, "pg_restore"), ["-l", file]));
      const lines = output.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
      const ours = listEntries(each).filter(({ desc }) => !unlisted.has(desc));
      expect(ours.map(renderListLine)).toEqual(lines);
    }
  });

  test("do not restore cleanly as they are", async () => {
    const { code, stderr } = await restore(await createTarget(), await dump());
    expect(code).toBe(1);
    for (const refused of ["event trigger", "extension hstore", "tablespace", "publication", "subscription"]) {
      expect(stderr).toMatch(new RegExp(refused, "iu"));
    }
  });

  test("restore without one error when edited, from a pipe, by a plain user", async () => {
    const { head, blocks } = takeApart(await dump());
    await expectCopy(putTogether(editForTarget(head), blocks));
  });

  test("whose offsets were known restore in parallel from a file when edited", async () => {
    const { head, blocks } = takeApart(await dumpToFile());
    const file = join(folder, "edited.dump");
    await writeFile(file, putTogether(editForTarget(head), blocks));
    await expectCopy(Buffer.alloc(0), "-j4", file);
  });

  test("restore without a schema, its data and what is in it", async () => {
    const { head, blocks } = takeApart(await dump());
    const { head: edited, conflicts } = editContents(editForTarget(head), { schemas: ["agent"] });
    expect(conflicts).toEqual([]);
    const url = await createTarget();
    const { code, stderr } = await restore(url, putTogether(edited, blocks));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const psql = ["-X", "-A", "-t", "-d", url, "-c", "select to_regclass('agent.state'), count(*) from marks"];
    expect(String(await runWell(join(programs, "psql"), psql))).toBe("|6\n");
  });

  test("tell everything that needs an extension", async () => {
    const database = await createDatabase(server);
    await server.query(
      database,
      `create extension pg_trgm; create extension "uuid-ossp"; create extension hstore;
       create table by_default (id uuid default uuid_generate_v4());
       create table by_index (a text); create index by_index_a on by_index using gin (a gin_trgm_ops);
       create table by_type (a hstore);
       create table by_check (a text check (similarity(a, 'x') < 1));
       create table inherits_type () inherits (by_type);
       create view by_function as select similarity(a, 'x') from by_index;
       create materialized view by_operator as select a % 'x' as b from by_index;
       create function by_argument(a hstore) returns int language sql as 'select 1';
       create domain by_domain as hstore;
       create type by_composite as (a hstore);
       create table by_generation (a text, b real generated always as (similarity(a, 'x')) stored);
       create table by_trigger (a int);
       create aggregate by_aggregate(hstore) (sfunc = hs_concat, stype = hstore);
       create policy by_policy on by_trigger using (similarity('x', 'y') < 1);
       create statistics by_statistics on (similarity(a, 'x')), (a || 'y') from by_index;
       create table unrelated (a int primary key)`,
    );
    const archive = await runWell(join(programs, "pg_dump"), ["-Fc", "-d", server.superuserUrl(database)]);
    const { conflicts } = editContents(parseHead(archive).head, { extensions: ["pg_trgm", "uuid-ossp", "hstore"] });
    const dependants = conflicts.flatMap(({ dependants: needed }) => needed.map(({ tag }) => tag));
    expect([...new Set(dependants)].sort()).toEqual([
      "by_aggregate(public.hstore)",
      "by_argument(public.hstore)",
      "by_check",
      "by_composite",
      "by_default",
      "by_domain",
      "by_function",
      "by_generation",
      "by_index_a",
      "by_operator",
      "by_statistics",
      "by_trigger by_policy",
      "by_type",
      "inherits_type",
    ]);
  });

  /** The archive again, with its contents framed anew in pieces of these lengths. */
  async function reframe(stored: Buffer, compression: Compression, pieceLengths: readonly number[]): Promise<Buffer> {
    const { head, headBytes } = parseHead(stored);
    const { algorithm, level = 3 } = compression;
    const makePiece = (piece: Buffer): Promise<Piece> | Piece =>
      algorithm === "gzip"
        ? deflatePiece(piece, level)
        : algorithm === "zstd"
          ? zstdPieceSync(piece, level)
          : storedPiece(piece);
    const out = [serializeHead({ ...head, header: withCompression(head.header, compression) })];
    let contentBytes: Buffer[] = [];
    let isTable = true;
    for (const event of new BlockScanner({ offset: headBytes }).push(stored.subarray(headBytes))) {
      if (event.kind === "block") {
        isTable = event.type === "table";
        out.push(isTable ? tableBlockStart(event.dumpId) : largeObjectsBlockStart(event.dumpId));
      } else if (event.kind === "object") out.push(largeObjectStart(event.oid));
      else if (event.kind === "bytes") contentBytes.push(event.bytes);
      else if (event.kind === "content-end") {
        const framing = new ContentFraming(algorithm, level);
        out.push(framing.start());
        let content = Buffer.concat(contentBytes);
        for (let index = 0; content.length > 0; index += 1) {
          const length = pieceLengths[index % pieceLengths.length] as number;
          out.push(...framing.piece(await makePiece(content.subarray(0, length))));
          content = content.subarray(length);
        }
        out.push(framing.end());
        contentBytes = [];
      } else if (event.kind === "block-end" && !isTable) out.push(largeObjectsBlockEnd());
    }
    return Buffer.concat(out);
  }

  const framings: [string, Compression][] = [
    ["none", { algorithm: "none" }],
    ["gzip 1", { algorithm: "gzip", level: 1 }],
    ["gzip 6", { algorithm: "gzip", level: 6 }],
    ...(major >= 16 ? [["zstd", { algorithm: "zstd", level: 3 }] as [string, Compression]] : []),
  ];

  test.each(framings)("restore when their data is %s in pieces", async (_name, compression) => {
    const { head, blocks } = takeApart(await dump("-Z0"));
    const reframed = await reframe(putTogether(editForTarget(head), blocks), compression, [1, 10_000, 3, 700]);
    const hashesOf = ({ blocks: found }: VerifiedArchive): unknown =>
      found.map(({ sha256, rows, largeObjects }) => [sha256, rows, largeObjects]);
    const ours = await verifyArchive([reframed], { sha256: true });
    const theirs = await verifyArchive([await dump()], { sha256: true });
    expect(hashesOf(ours)).toEqual(hashesOf(theirs));
    await expectCopy(reframed);
    const file = join(folder, "reframed.dump");
    await writeFile(file, reframed);
    await expectCopy(Buffer.alloc(0), "-j4", file);
  });

  test("of a database in LATIN1 have names in LATIN1", async () => {
    const options = "encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0";
    await server.query("postgres", `create database latin ${options}`);
    await server.query("latin", `create table "tablé" (a text); insert into "tablé" values ('é'), ('ü')`);
    const archive = await runWell(join(programs, "pg_dump"), ["-Fc", "-d", server.superuserUrl("latin")]);
    const { head, headBytes } = parseHead(archive);
    expect(encodingOf(head)).toBe("LATIN1");
    expect(serializeHead(head).equals(archive.subarray(0, headBytes))).toBe(true);
    const tags = head.entries.filter(({ desc }) => desc === "TABLE").map(({ tag }) => tag);
    expect([tags[0]?.toString("latin1"), textOf(head)(tags[0] ?? null)]).toEqual(["tablé", "tablé"]);
    const { blocks } = await verifyArchive([archive]);
    expect(blocks).toMatchObject([{ table: "tablé", rows: 2, textBytes: 9 }]);
  });

  test("arrive through a pipe with the head first", async () => {
    const child = spawn(join(programs, "pg_dump"), ["-Fc", "-Z0", "-d", sourceUrl], { env: plainEnvironment });
    const reader = new ContentsReader();
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) if (reader.push(bytes)) break;
    child.kill("SIGTERM");
    const { head, rest, headBytes } = reader.finish();
    expect(serializeHead(head)).toHaveLength(headBytes);
    expect(rest.length).toBeLessThan(1_000_000);
  });

  test("damaged in any byte of their data, or cut anywhere, are refused", async () => {
    const archive = await dump();
    const { headBytes } = parseHead(archive);
    const damage = fc.record({
      at: fc.noBias(fc.integer({ min: headBytes, max: archive.length - 1 })),
      isCut: fc.boolean(),
    });
    const sound = await verifyArchive([archive], { sha256: true });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, isCut }) => {
        const damaged = isCut ? archive.subarray(0, at) : Buffer.from(archive);
        if (!isCut) damaged[at] = (archive[at] as number) ^ 0x10;
        const found = await verifyArchive([damaged], { sha256: true }).catch((error: unknown) => error);
        if (found instanceof ArchiveFormatError) return;
        // The bits behind the end of a deflate stream mean nothing to any reader.
        expect(isCut).toBe(false);
        expect((found as VerifiedArchive).blocks).toEqual(sound.blocks);
      }),
      { numRuns: 200, seed: 15 },
    );
  });

  /** 1.15 is what pg_dump 16 writes, which Debian never shipped; newer ones must read ours. */
  const relabelled: [ArchiveVersion, Major][] = [["1.15", 15]];

  test.runIf(major >= 17).each(relabelled)(
    "of version %s, made of those of PostgreSQL %i, are read and restored",
    async (version, from) => {
      const older = join(await clientDirectory(from), String(from), "bin");
      await using oldServer = await startPostgres({ major: from, settings: { allow_in_place_tablespaces: "on" } });
      const args = ["-Fc", "-d", await createSource(oldServer)];
      const { head, blocks } = takeApart(await runWell(join(older, "pg_dump"), args));
      const relabelledHead = { ...editForTarget(head), header: { ...head.header, version } };
      const archive = putTogether(relabelledHead, blocks);
      expect(serializeHead(parseHead(archive).head).equals(serializeHead(relabelledHead))).toBe(true);
      await verifyArchive([archive]);
      const file = join(folder, "relabelled.dump");
      await writeFile(file, archive);
      expect(String(await runWell(join(programs, "pg_restore"), ["-l", file]))).toContain("Dump Version: 1.15-0");
      await expectCopy(archive);
      const zstd = await reframe(await relabel(older, args, version), { algorithm: "zstd" }, [50_000]);
      await expectCopy(zstd);
    },
  );

  async function relabel(older: string, args: string[], version: ArchiveVersion): Promise<Buffer> {
    const { head, blocks } = takeApart(await runWell(join(older, "pg_dump"), [...args, "-Z0"]));
    return putTogether({ ...editForTarget(head), header: { ...head.header, version } }, blocks);
  }
});

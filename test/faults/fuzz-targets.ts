import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import {
  ArchiveFormatError,
  UnsupportedArchiveVersionError,
  UnsupportedCompressionError,
} from "../../src/archive/errors.ts";
import { fixtureNames, inPieces, readFixture } from "../../src/archive/fixtures/fixtures.ts";
import { verifyArchive } from "../../src/archive/verify.ts";
import { MigrationError, describeError, hintOf } from "../../src/errors.ts";
import { HerokuApi } from "../../src/heroku/api.ts";
import { readApp } from "../../src/heroku/apps.ts";
import { readDatabaseInfo } from "../../src/heroku/database-info.ts";
import { listFormation } from "../../src/heroku/formation.ts";
import { planNamed } from "../../src/heroku/plans.ts";
import { type TargetDatabase, resolveDatabase } from "../../src/heroku/resolve-database.ts";
import { listTransfers, readTransfer } from "../../src/heroku/transfers.ts";
import { isOwnTransfer, parseJournal } from "../../src/journal.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { redactSettingsCsv } from "../../src/report/settings-csv.ts";
import { Secret } from "../../src/secret.ts";
import { type Random, mutate, pick } from "./random.ts";

/** One kind of text or bytes from outside. `tryOnce` mutates one, feeds it, and says what is wrong; undefined is well. */
export interface FuzzTarget extends AsyncDisposable {
  name: string;
  share: number;
  tryOnce: (random: Random) => Promise<string | undefined>;
}

const nothing = async (): Promise<void> => {};

const secret = "s3cretPassw0rd";

const temptingText = [
  "\0",
  "\n",
  "%",
  "%zz",
  "%00",
  "@",
  "//",
  "?",
  "#",
  "[",
  "]",
  ":",
  "::",
  "'",
  '"',
  "\\",
  "\u{1F418}",
  "\u202e",
  "\ud800",
  "..",
  "postgres://",
  "?sslmode=",
  "&host=",
  "-1",
  "65536",
  "1e999",
  "null",
  "true",
  "{}",
  "[]",
  "9".repeat(400),
  "a".repeat(3000),
];

/** A message that a person reads: short, of one of our kinds, without the secret. */
function judgeError(error: unknown): string | undefined {
  if (!(error instanceof MigrationError)) return `threw ${inspect(error).slice(0, 300)}`;
  const text = `${describeError(error)} ${hintOf(error) ?? ""} ${inspect(error)} ${error.stack ?? ""}`;
  if (text.includes(secret)) return `an error shows the secret: ${text.slice(0, 700)}`;
  return describeError(error).length > 4000 ? "the message is endless" : undefined;
}

const urls = [
  `postgres://user:${secret}@db.example.com:5432/shop?sslmode=require`,
  `postgresql://us%40er:${secret}@[::1]:6543/sh%20op`,
  `postgres:///shop?host=db.example.com&user=me&password=${secret}`,
  `postgres://user:${secret}@127.0.0.1/shop?sslmode=verify-full&sslrootcert=x`,
];

export function databaseUrls(): FuzzTarget {
  const tryOnce = async (random: Random): Promise<string | undefined> => {
    const text = mutate(random, Buffer.from(pick(random, urls)), temptingText).toString("utf8");
    try {
      const url = parseDatabaseUrl(text, "source-database-url");
      const printed = `${String(url)} ${JSON.stringify(url)} ${inspect(url)} ${url.location}`;
      return url.password.reveal().includes(secret) && printed.includes(secret)
        ? "a URL prints its password"
        : undefined;
    } catch (error) {
      return judgeError(error);
    }
  };
  return { name: "database URLs", share: 0.35, tryOnce, [Symbol.asyncDispose]: nothing };
}

const temptingBytes = [
  "PGDMP",
  "\u0001\u0010\0",
  "\0\xff\xff\xff\x7f",
  "\x01\xff\xff\xff\xff",
  "\0".repeat(64),
  "\xff".repeat(16),
];

export function archives(): FuzzTarget {
  const fixtures = fixtureNames.map((name) => readFixture(name));
  const tryOnce = async (random: Random): Promise<string | undefined> => {
    const whole = pick(random, fixtures);
    const isHead = random() < 0.5;
    const bytes = isHead
      ? Buffer.concat([mutate(random, whole.subarray(0, 400), temptingBytes), whole.subarray(400)])
      : mutate(random, whole, temptingBytes);
    try {
      await verifyArchive(inPieces(bytes, 1 + Math.floor(random() * 5000)), { tolerateTrailingContents: true });
      return undefined;
    } catch (error) {
      const isTyped =
        error instanceof ArchiveFormatError ||
        error instanceof UnsupportedArchiveVersionError ||
        error instanceof UnsupportedCompressionError;
      return isTyped ? undefined : `threw ${inspect(error).slice(0, 300)}`;
    }
  };
  return { name: "archives", share: 0.25, tryOnce, [Symbol.asyncDispose]: nothing };
}

const transfer = {
  uuid: "7f8e9d0c-1b2a-4938-8756-0123456789ab",
  num: 7,
  from_name: "BACKUP",
  from_type: "htcat",
  from_url: `https://b.example.com/a.dump?X-Amz-Signature=${secret}`,
  to_name: "DATABASE",
  to_type: "pg_restore",
  to_url: `postgres://u:${secret}@h/d`,
  options: {},
  source_bytes: null,
  processed_bytes: 0,
  succeeded: null,
  warnings: 0,
  created_at: "2017-08-31 10:28:08 +0000",
  started_at: null,
  canceled_at: null,
  updated_at: "2017-08-31 10:28:08 +0000",
  finished_at: null,
  num_keep: 5,
  logs: [{ created_at: "2017-08-31 10:28:08 +0000", level: "info", message: "x" }],
};
const attachment = {
  id: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  name: "DATABASE",
  namespace: null,
  app: { id: "e6", name: "example-app" },
  addon: {
    id: "01",
    name: "postgresql-curved-12345",
    app: { id: "e6", name: "example-app" },
    plan: { id: "1", name: "heroku-postgresql:standard-0" },
  },
  config_vars: ["DATABASE_URL"],
};
const info = {
  addon_id: "01",
  name: "x",
  plan: "standard-0",
  num_bytes: 10,
  num_tables: 0,
  num_connections: 1,
  postgres_version: "15.4",
  "waiting?": false,
  info: [
    { name: "Status", values: ["Available"] },
    { name: "Data Size", values: ["7.72 MB / 64 GB (0.75%)"] },
    { name: "Tables", values: ["0/4000"] },
  ],
};
const app = {
  id: "e6",
  name: "example-app",
  maintenance: false,
  space: null,
  region: { name: "us" },
  stack: { name: "heroku-24" },
};
const formation = [{ type: "web", quantity: 2, size: "Standard-1X", command: "x" }];

const target: TargetDatabase = {
  addonId: "01",
  addonName: "postgresql-curved-12345",
  plan: planNamed("standard-0"),
  attachmentName: "DATABASE",
  app: { id: "e6", name: "example-app" },
  billingApp: { id: "e6", name: "example-app" },
  configVar: "DATABASE_URL",
};

const calls: readonly (readonly [unknown, (api: HerokuApi) => Promise<unknown>])[] = [
  [transfer, (api) => readTransfer(api, target, "7", { isVerbose: true })],
  [[transfer], (api) => listTransfers(api, target)],
  [[attachment], (api) => resolveDatabase(api, "example-app", "DATABASE_URL")],
  [info, (api) => readDatabaseInfo(api, target)],
  [app, (api) => readApp(api, "example-app")],
  [formation, (api) => listFormation(api, "example-app")],
];

const temptingJson = [
  '""',
  "null",
  "[]",
  "{}",
  "-1",
  "1e400",
  '"\\ud800"',
  "<html><title>x</title>",
  "[[[[",
  ",",
  "}",
  "true",
  `"${secret}"`,
];
const statuses = [200, 200, 200, 200, 200, 206, 302, 400, 401, 403, 404, 418, 422, 500];

/** Answers over HTTP, as they come from outside: status, headers and body. */
export async function herokuAnswers(): Promise<FuzzTarget> {
  let body: Buffer = Buffer.alloc(0);
  let status = 200;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { "Content-Type": "application/json", "Retry-After": "0" });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const policy = { tries: 1, baseMs: 0, capMs: 0 };
  const api = new HerokuApi({ apiKey: new Secret(`HRKU-${secret}`), apiUrl: url, dataUrl: url }, { policy });
  const tryOnce = async (random: Random): Promise<string | undefined> => {
    const [answer, call] = pick(random, calls);
    body = mutate(random, Buffer.from(JSON.stringify(answer)), temptingJson);
    status = pick(random, statuses);
    try {
      const result = await call(api);
      return inspect(result, { depth: 8 }).includes(`:${secret}@`) ? "a result holds a login" : undefined;
    } catch (error) {
      const judged = judgeError(error);
      // What a body says is shown where it is no URL and no known secret: a text of Heroku's own.
      return judged?.startsWith("an error shows the secret") === true && body.includes(`"${secret}"`)
        ? undefined
        : judged;
    }
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { name: "Heroku's answers", share: 0.25, tryOnce, [Symbol.asyncDispose]: close };
}

const settings = [
  "name,setting,unit,category,short_desc,vartype,boot_val,reset_val",
  `primary_conninfo,"host=a password=${secret}",,c,d,string,"","host=a password=${secret}"`,
  "work_mem,4096,kB,c,d,integer,4096,4096",
  'search_path,"""$user"", public",,c,d,string,"""$user"", public","""$user"", public"',
].join("\n");
const journal = JSON.stringify({
  version: 1,
  runId: "1-1",
  restore: { archiveKey: "a/b.dump", highestNumberBefore: 7 },
});

/** Texts that come back from a server or a bucket. */
export function texts(): FuzzTarget {
  const tryOnce = async (random: Random): Promise<string | undefined> => {
    try {
      if (random() < 0.5) {
        const csv = mutate(random, Buffer.from(settings), ['"', ",", "\n", '""', "\0", "=1+1"]).toString("utf8");
        redactSettingsCsv(csv);
        return undefined;
      }
      const document = parseJournal(mutate(random, Buffer.from(journal), temptingJson).toString("utf8"));
      isOwnTransfer(document, { uuid: "u", number: 8, toType: "pg_restore", sourcePlace: "https://x/%zz" });
      return undefined;
    } catch (error) {
      return `threw ${inspect(error).slice(0, 300)}`;
    }
  };
  return { name: "settings and journals", share: 0.15, tryOnce, [Symbol.asyncDispose]: nothing };
}

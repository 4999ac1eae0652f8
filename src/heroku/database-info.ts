import { MigrationError } from "../errors.ts";
import { sleep } from "../workers.ts";
import type { HerokuApi } from "./api.ts";
import { clean, statusOf } from "./api-error.ts";
import { type Fields, findFields, findNumber, findText, isFields, parseFields } from "./fields.ts";
import type { TargetDatabase } from "./resolve-database.ts";

/** What Heroku says of a database, in lines made for people: everything may be missing. */
export interface DatabaseInfo {
  /** `Standard 0`, as Heroku calls it. */
  planLabel: string | undefined;
  /** `Available`, or what it is doing instead. */
  status: string | undefined;
  isAvailable: boolean;
  /** Still being provisioned or moved. */
  isWaiting: boolean;
  isFollower: boolean;
  /** Rollback to a point before the restore is possible. */
  hasRollback: boolean;
  dataSizeBytes: number | undefined;
  dataLimitBytes: number | undefined;
  tableCount: number | undefined;
  tableLimit: number | undefined;
  connections: number | undefined;
  connectionLimit: number | undefined;
  /** `17.9`. */
  postgresVersion: string | undefined;
  majorVersion: number | undefined;
  databaseName: string | undefined;
  region: string | undefined;
  followers: number;
  /** The rest of the lines, by name, without those that hold URLs. */
  lines: Readonly<Record<string, string>>;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

export async function readDatabaseInfo(
  api: HerokuApi,
  database: TargetDatabase,
  options: CallOptions = {},
): Promise<DatabaseInfo> {
  const what = `read the state of ${database.addonName}`;
  try {
    return parseDatabaseInfo(await api.request("data", { path: databasePath(database), what, ...options }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw new MigrationError(`Heroku's database API does not know ${database.addonName}.`, {
      code: database.plan.isAdvanced ? "HEROKU_ADVANCED" : "HEROKU_NOT_PROVISIONED",
      hint: database.plan.isAdvanced
        ? "Databases on Advanced plans have another API, which this action does not speak: restore into an Essential, Standard or Premium plan."
        : `It is not provisioned yet: wait for it with heroku pg:wait --app ${database.app.name}`,
      cause: error,
    });
  }
}

export function databasePath(database: Pick<TargetDatabase, "addonId">): string {
  return `/client/v11/databases/${encodeURIComponent(database.addonId)}`;
}

export interface WaitStatus {
  isWaiting: boolean;
  message: string;
}

export async function readWaitStatus(
  api: HerokuApi,
  database: TargetDatabase,
  options: CallOptions = {},
): Promise<WaitStatus> {
  const path = `${databasePath(database)}/wait_status`;
  const answer = await api.request("data", { path, what: `ask whether ${database.addonName} is ready`, ...options });
  const fields = parseFields(answer, "a wait status");
  const message = clean(findText(fields, "message") ?? "", []);
  if (fields["error?"] !== true) return { isWaiting: fields["waiting?"] === true, message };
  throw new MigrationError(`${database.addonName} cannot become ready: ${message}.`, {
    code: "HEROKU_DATABASE_FAILED",
    hint: `See heroku pg:info --app ${database.app.name}, and ask Heroku's support.`,
  });
}

/** Waits until the database takes requests. */
export async function waitUntilReady(
  api: HerokuApi,
  database: TargetDatabase,
  options: CallOptions & { timeoutMs: number; pollMs?: number },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const { isWaiting, message } = await readWaitStatus(api, database, options);
    if (!isWaiting) return;
    if (Date.now() >= deadline) {
      throw new MigrationError(`${database.addonName} is still not ready: ${message}.`, {
        code: "HEROKU_NOT_READY",
        hint: `Wait for it with heroku pg:wait --app ${database.app.name}, then run again.`,
      });
    }
    await sleep(options.pollMs ?? 5_000, options.signal);
  }
}

/** Never throws on odd lines: what cannot be read is undefined. */
export function parseDatabaseInfo(answer: unknown): DatabaseInfo {
  const fields = parseFields(answer, "a database's state");
  const lines = readLines(fields["info"]);
  const status = lines.get("status");
  const size = parsePair(lines.get("data size"), parseSize);
  const tables = parsePair(lines.get("tables"), parseCount);
  const connections = parsePair(lines.get("connections"), parseCount);
  const version = findText(fields, "postgres_version") ?? lines.get("pg version");
  const postgresVersion = version !== undefined && /^\d/u.test(version) ? version : undefined;
  const isWaiting = fields["waiting?"] === true;
  return {
    planLabel: lines.get("plan") ?? findText(findFields(fields, "plan"), "name") ?? findText(fields, "plan"),
    status,
    isAvailable: !isWaiting && (status === undefined || /^available\b/iu.test(status)),
    isWaiting,
    isFollower:
      fields["hot_standby?"] === true ||
      fields["is_in_recovery"] === true ||
      lines.has("following") ||
      isSet(fields, "following"),
    hasRollback: isOffered(lines.get("rollback")),
    dataSizeBytes: findNumber(fields, "num_bytes") ?? size.value,
    dataLimitBytes: size.limit,
    tableCount: findNumber(fields, "num_tables") ?? tables.value,
    tableLimit: tables.limit,
    connections: findNumber(fields, "num_connections") ?? connections.value,
    connectionLimit: connections.limit,
    postgresVersion,
    majorVersion: postgresVersion === undefined ? undefined : Number.parseInt(postgresVersion, 10),
    databaseName: findText(fields, "database_name"),
    region: lines.get("region"),
    followers: countFollowers(fields["info"]),
    lines: Object.fromEntries([...lines].filter(([, value]) => !/:\/\//u.test(value))),
  };
}

/** `[{"name","values":[…]}]` → by lower-case name, the values joined. */
function readLines(info: unknown): Map<string, string> {
  const lines = new Map<string, string>();
  for (const line of Array.isArray(info) ? info : []) {
    const name = isFields(line) ? findText(line, "name") : undefined;
    const text = isFields(line) ? textOf(line["values"]) : "";
    if (name !== undefined && text !== "") lines.set(name.toLowerCase(), text);
  }
  return lines;
}

function textOf(values: unknown): string {
  const list = Array.isArray(values) ? values : [values];
  return list.filter((value) => typeof value === "string" || typeof value === "number").join(", ");
}

function countFollowers(info: unknown): number {
  const line = (Array.isArray(info) ? info : []).find((one) => isFields(one) && one["name"] === "Followers") as unknown;
  const values = isFields(line) ? line["values"] : undefined;
  return Array.isArray(values) ? values.length : 0;
}

/** `7.72 MB / 1 GB (0.75%) (In compliance)`, `unknown usage / 1 GB`, `12/200`, `0`. */
function parsePair(
  text: string | undefined,
  parse: (part: string) => number | undefined,
): { value: number | undefined; limit: number | undefined } {
  const [value = "", limit = ""] = (text ?? "").split("/");
  return { value: parse(value), limit: parse(limit) };
}

const units = ["b", "kb", "mb", "gb", "tb"];

/** Heroku counts in powers of 1024 under decimal names. */
function parseSize(text: string): number | undefined {
  const match = /([\d.,]+)\s*(bytes|[kmgt]?b)\b/iu.exec(text);
  const [, amount = "", unit = ""] = match ?? [];
  const exponent = unit.toLowerCase() === "bytes" ? 0 : units.indexOf(unit.toLowerCase());
  const value = Number(amount.replaceAll(",", ""));
  return match === null || Number.isNaN(value) ? undefined : Math.round(value * 1024 ** exponent);
}

function parseCount(text: string): number | undefined {
  const match = /^\s*(\d[\d,]*)/u.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1].replaceAll(",", ""));
}

/** The line, not Continuous Protection, tells whether there is a way back. */
function isOffered(rollback: string | undefined): boolean {
  return (
    rollback !== undefined &&
    /earliest|available|\d{4}-\d{2}-\d{2}/iu.test(rollback) &&
    !/unavailable|unsupported|not available/iu.test(rollback)
  );
}

function isSet(fields: Fields, name: string): boolean {
  return fields[name] !== null && fields[name] !== undefined && fields[name] !== "" && fields[name] !== false;
}

import type { HerokuApi } from "./api.ts";
import { apiCause, withoutAccess } from "./api-error.ts";
import {
  type Fields,
  findNumber,
  findText,
  isFields,
  parseFields,
  parseList,
  parseTime,
  requireText,
} from "./fields.ts";
import type { TargetDatabase } from "./resolve-database.ts";

export type TransferState = "pending" | "running" | "succeeded" | "failed" | "canceled";

/** A backup, a restore or a copy that Heroku runs. Its URLs, which hold credentials, are left behind in parsing. */
export interface Transfer {
  uuid: string;
  /** Counts up for each app. */
  number: number;
  /** As `heroku pg:backups` lists it: `r007`. */
  name: string;
  fromName: string | undefined;
  fromType: string | undefined;
  toName: string | undefined;
  toType: string | undefined;
  state: TransferState;
  processedBytes: number;
  /** Only Heroku's own backups have it. */
  sourceBytes: number | undefined;
  /** Errors that pg_restore skipped. A succeeded transfer may have some. */
  warnings: number;
  createdAt: Date | undefined;
  startedAt: Date | undefined;
  updatedAt: Date | undefined;
  finishedAt: Date | undefined;
  canceledAt: Date | undefined;
}

export interface TransferLogLine {
  /** As Heroku wrote it, in ISO 8601 where it could be read. */
  at: string;
  level: string;
  message: string;
}

/** The ends of a transfer that the guard compares: where from, without the query. */
export interface TransferWithSource extends Transfer {
  /** Origin and path of what is restored; undefined where Heroku does not say. */
  sourcePlace: string | undefined;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Of the app that bills the database, in Heroku's order. */
export async function listTransfers(
  api: HerokuApi,
  database: TargetDatabase,
  options: CallOptions = {},
): Promise<TransferWithSource[]> {
  const what = `list the transfers of ${database.billingApp.name}`;
  const answer = await api.request("data", { path: transfersPath(database), what, ...options });
  return parseList(answer, "a list of transfers").map((fields) => ({
    ...parseTransfer(fields),
    sourcePlace: placeOf(findText(fields, "from_url")),
  }));
}

/** By uuid or number; with its log where `isVerbose`. A single try: who polls counts failures. */
export async function readTransfer(
  api: HerokuApi,
  database: TargetDatabase,
  id: string | number,
  options: CallOptions & { isVerbose?: boolean; repeat?: "always" | "never" } = {},
): Promise<{ transfer: Transfer; log: TransferLogLine[] }> {
  const { isVerbose = false, ...rest } = options;
  const path = `${transfersPath(database)}/${encodeURIComponent(id)}${isVerbose ? "?verbose=true" : ""}`;
  const answer = await api.request("data", { path, what: `look at the transfer ${id}`, ...rest });
  const fields = parseFields(answer, "a transfer");
  return { transfer: parseTransfer(fields), log: parseLog(fields["logs"]) };
}

/** @returns false where the transfer had ended already */
export async function cancelTransfer(
  api: HerokuApi,
  database: TargetDatabase,
  id: string | number,
  options: CallOptions = {},
): Promise<boolean> {
  const path = `${transfersPath(database)}/${encodeURIComponent(id)}/actions/cancel`;
  try {
    await api.request("data", {
      method: "POST",
      path,
      what: `cancel the transfer ${id}`,
      repeat: "always",
      ...options,
    });
    return true;
  } catch (error) {
    if (apiCause(error)?.statusCode === 400) return false;
    throw error;
  }
}

export function transfersPath(database: Pick<TargetDatabase, "billingApp">): string {
  return `/client/v11/apps/${encodeURIComponent(database.billingApp.id)}/transfers`;
}

/** @throws MigrationError where there is no uuid to follow it by */
export function parseTransfer(value: unknown): Transfer {
  const fields = parseFields(value, "a transfer");
  const number = findNumber(fields, "num") ?? 0;
  const fromType = findText(fields, "from_type");
  const toType = findText(fields, "to_type");
  return {
    uuid: requireText(fields, "uuid", "a transfer"),
    number,
    name: `${prefixOf(fromType, toType)}${String(number).padStart(3, "0")}`,
    fromName: findText(fields, "from_name"),
    fromType,
    toName: findText(fields, "to_name"),
    toType,
    state: stateOf(fields),
    processedBytes: findNumber(fields, "processed_bytes") ?? 0,
    sourceBytes: findNumber(fields, "source_bytes") || undefined,
    warnings: findNumber(fields, "warnings") ?? 0,
    createdAt: parseTime(findText(fields, "created_at")),
    startedAt: parseTime(findText(fields, "started_at")),
    updatedAt: parseTime(findText(fields, "updated_at")),
    finishedAt: parseTime(findText(fields, "finished_at")),
    canceledAt: parseTime(findText(fields, "canceled_at")),
  };
}

/** Presence decides, not a timestamp that could be read: the format is Heroku's to change. */
function stateOf(fields: Fields): TransferState {
  const isSet = (name: string): boolean => findText(fields, name) !== undefined;
  if (isSet("finished_at")) {
    if (fields["succeeded"] === true) return "succeeded";
    return isSet("canceled_at") ? "canceled" : "failed";
  }
  return isSet("started_at") ? "running" : "pending";
}

/** The command line's letters: backup, restore, copy (heroku-cli, `pg/backups`). */
function prefixOf(fromType: string | undefined, toType: string | undefined): string {
  if (toType !== "pg_restore") return "b";
  return fromType === "pg_dump" ? "c" : "r";
}

function parseLog(logs: unknown): TransferLogLine[] {
  return (Array.isArray(logs) ? logs : []).filter(isFields).flatMap(parseLogEntry);
}

/** An entry may hold several lines. */
function parseLogEntry(entry: Fields): TransferLogLine[] {
  const at = findText(entry, "created_at") ?? "";
  const level = findText(entry, "level") ?? "info";
  const message = typeof entry["message"] === "string" ? entry["message"] : "";
  return message
    .replace(/\r?\n$/u, "")
    .split(/\r?\n/u)
    .map((line) => ({ at: parseTime(at)?.toISOString() ?? at, level, message: withoutAccess(line) }));
}

/** Origin and path: enough to tell one archive from another, without what grants access. */
export function placeOf(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  if (parsed === null || !/^https?:$/u.test(parsed.protocol)) return undefined;
  return `${parsed.origin}${parsed.pathname}`;
}

import type { SettingDifference } from "../report.ts";
import type { Setting } from "./catalog/settings.ts";

/** Settings that decide what the same statement returns or does. The rest decide how fast, how safe, or where. */
const behaviour: Readonly<Record<string, string>> = {
  TimeZone: "timestamps are shown and compared in another zone",
  DateStyle: "dates are read and written differently",
  IntervalStyle: "intervals are written differently",
  standard_conforming_strings: "backslashes in literals mean something else",
  backslash_quote: "\\' in literals is accepted or refused",
  escape_string_warning: "warnings about backslashes",
  search_path: "names without a schema resolve differently",
  row_security: "queries under row-level security fail or filter",
  jit: "plans and run times change",
  default_text_search_config: "full-text search stems differently",
  extra_float_digits: "floats are written with other digits",
  bytea_output: "bytea is written in another format",
  xmlbinary: "binary values in XML are written differently",
  xmloption: "XML text is read differently",
  array_nulls: "NULL in array text is read differently",
  transform_null_equals: "= NULL means something else",
  quote_all_identifiers: "generated SQL quotes names differently",
  lc_collate: "text sorts differently",
  lc_ctype: "letters are classified differently",
  lc_messages: "messages come in another language",
  lc_monetary: "money is read and written differently",
  lc_numeric: "numbers are formatted differently",
  lc_time: "names of days and months differ",
  server_encoding: "text is stored in another encoding",
  default_transaction_isolation: "transactions see other states",
  default_transaction_read_only: "writes are refused or accepted",
  default_transaction_deferrable: "serializable transactions wait differently",
  session_replication_role: "triggers fire differently",
  check_function_bodies: "broken functions are accepted or refused",
  statement_timeout: "statements are ended after another time",
  lock_timeout: "waiting for locks ends after another time",
  idle_in_transaction_session_timeout: "idle transactions are ended after another time",
  idle_session_timeout: "idle sessions are ended after another time",
  transaction_timeout: "transactions are ended after another time",
  password_encryption: "passwords are stored differently",
  gin_fuzzy_search_limit: "GIN searches are cut",
  timezone_abbreviations: "zone abbreviations are read differently",
  max_identifier_length: "names are cut at another length",
  "pg_trgm.similarity_threshold": "% matches other rows",
  "pg_trgm.word_similarity_threshold": "<% matches other rows",
  "pg_trgm.strict_word_similarity_threshold": "<<% matches other rows",
};

/** What a client sends at start-up or what every run changes: no property of the database. */
const ofTheSession = new Set(["application_name", "client_encoding", "client_min_messages", "transaction_isolation"]);

/** What an owner of a database may set for it. */
const settable = new Set(["user"]);

/** Every setting of either side with a verdict; `null` where a side does not know it. */
export function compareSettings(source: readonly Setting[], target: readonly Setting[]): SettingDifference[] {
  const there = new Map(target.map((setting) => [setting.name, setting]));
  const here = new Map(source.map((setting) => [setting.name, setting]));
  const names = [...new Set([...here.keys(), ...there.keys()])].filter((name) => !ofTheSession.has(name));
  return names.toSorted(byName).map((name) => difference(name, here.get(name), there.get(name)));
}

function difference(name: string, source: Setting | undefined, target: Setting | undefined): SettingDifference {
  const values = { name, source: withUnit(source), target: withUnit(target) };
  if (source === undefined || target === undefined) {
    const side = source === undefined ? "source" : "target";
    return { ...values, verdict: "harmless", note: `the ${side} does not know it` };
  }
  if (values.source === values.target) return { ...values, verdict: "same", note: "" };
  const effect = behaviour[name];
  if (!settable.has(target.context)) {
    return { ...values, verdict: "cannot-be-set", note: effect ?? `set by the server only (${target.context})` };
  }
  if (effect !== undefined) return { ...values, verdict: "changes-behaviour", note: effect };
  return { ...values, verdict: "harmless", note: "decides cost, speed or logging" };
}

function withUnit(setting: Setting | undefined): string | null {
  if (setting === undefined) return null;
  return setting.unit === null || setting.value === null ? setting.value : `${setting.value} ${setting.unit}`;
}

function byName(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}

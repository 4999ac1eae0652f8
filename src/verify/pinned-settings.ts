import type { Session } from "../postgres/session.ts";

/**
 * What decides how a value prints, the same on both sides, so that equal rows have equal text; and what must not end a
 * long read. Names newer than the server's major are left out.
 */
const pinned: readonly (readonly [setting: string, value: string, sinceMajor?: number])[] = [
  ["search_path", "''"],
  ["timezone", "'UTC'"],
  ["datestyle", "'ISO, MDY'"],
  ["intervalstyle", "'postgres'"],
  ["extra_float_digits", "3"],
  ["bytea_output", "'hex'"],
  ["lc_monetary", "'C'"],
  ["lc_numeric", "'C'"],
  ["xmlbinary", "'base64'"],
  ["xmloption", "'content'"],
  ["quote_all_identifiers", "off"],
  ["standard_conforming_strings", "on"],
  ["row_security", "off"],
  ["jit", "off"],
  ["synchronize_seqscans", "off"],
  ["max_parallel_workers_per_gather", "0"],
  ["statement_timeout", "0"],
  ["lock_timeout", "0"],
  ["idle_in_transaction_session_timeout", "0"],
  ["idle_session_timeout", "0", 14],
  ["transaction_timeout", "0", 17],
];

/** Ends a read whose client has gone. Only some systems can, and the others refuse any value but 0; it exists from 14 on. */
const checkClientSql = `
  select set_config('client_connection_check_interval', '5s', false)
  where version() ~ 'linux'`;

/** May be called inside a transaction. Gives the server's major version. */
export async function pinSettings(session: Session): Promise<number> {
  const majorVersion = await session.value<number>("select current_setting('server_version_num')::int / 10000");
  const known = pinned.filter(([, , since = 0]) => majorVersion >= since);
  await session.execute(known.map(([setting, value]) => `set ${setting} = ${value}`).join(";\n"));
  if (majorVersion >= 14) await session.rows(checkClientSql);
  return majorVersion;
}

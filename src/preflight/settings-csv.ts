import type { Session } from "../postgres/session.ts";
import { redactSettingsCsv, type RedactedCsv } from "../report/settings-csv.ts";

/**
 * The bytes of psql's `\copy (select * from pg_settings) to … with (format csv, header true)`, from a session whose
 * settings nobody has touched yet, less what may be secret.
 */
export async function readSettingsCsv(session: Session): Promise<RedactedCsv> {
  const chunks: Buffer[] = [];
  const copy = session.copyTo("copy (select * from pg_catalog.pg_settings) to stdout with (format csv, header true)");
  for await (const chunk of copy) chunks.push(chunk as Buffer);
  return redactSettingsCsv(Buffer.concat(chunks).toString("utf8"));
}

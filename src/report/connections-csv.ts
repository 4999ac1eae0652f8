import type { ConfigVarMention, ConnectionRow } from "../report.ts";
import { type CsvValue, renderCsv } from "./csv.ts";

/**
 * The cut-over list: who is connected to the source, and which config vars on Heroku name its host. Config vars come
 * without their values.
 */
export function renderConnectionsCsv(
  connections: readonly ConnectionRow[],
  configVars: readonly ConfigVarMention[],
): string {
  const clients = connections.map(({ application, user, address, count, tls, since }): CsvValue[] => [
    "connection",
    application,
    user,
    address,
    count,
    tls ? "yes" : "no",
    since,
  ]);
  const vars = configVars.map(({ app, name }): CsvValue[] => [
    "config var",
    `${app}: ${name}`,
    null,
    null,
    null,
    null,
    null,
  ]);
  return renderCsv(["kind", "application", "user", "address", "count", "tls", "since"], [...clients, ...vars]);
}

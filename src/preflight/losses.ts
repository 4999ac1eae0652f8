import type { Session } from "../postgres/session.ts";
import type { Loss } from "../report.ts";
import type { SourceCatalog } from "./catalog/source-catalog.ts";

/** What neither the archive carries nor Heroku takes. */
export async function listLosses(_session: Session, _catalog: SourceCatalog): Promise<Loss[]> {
  return await Promise.resolve([]);
}

import type { Session } from "../../postgres/session.ts";
import { matchesAny } from "../pattern.ts";

/** The schemas that the migration carries: all of the user's, less those left out. */
export interface Scope {
  oids: number[];
  names: string[];
  leftOut: string[];
}

const query = `
  select n.oid, n.nspname::text as name
    from pg_namespace n
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by n.nspname`;

/** @param patterns names of schemas to leave out; a `*` stands for any text */
export async function readScope(session: Session, patterns: readonly string[]): Promise<Scope> {
  const schemas = await session.rows<{ oid: number; name: string }>(query);
  const kept = schemas.filter(({ name }) => !matchesAny(name, patterns));
  return {
    oids: kept.map(({ oid }) => oid),
    names: kept.map(({ name }) => name),
    leftOut: schemas.map(({ name }) => name).filter((name) => matchesAny(name, patterns)),
  };
}

import { quoteIdentifier } from "../../postgres/session.ts";
import { plural } from "../../format.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import type { ServerFacts } from "../catalog/server.ts";
import type { Gate } from "../gate.ts";

export const encodingsFit: Check = {
  id: "encoding",
  title: "Text is encoded in the same way on both sides",
  area: "target",
  needs: ["source", "target"],
  async run(gate) {
    const source = await gate.source.catalog.server();
    const target = await gate.target.catalog.server();
    const note = `${source.encoding} to ${target.encoding}`;
    if (source.encoding === target.encoding) return { findings: [], note };
    const objects = [source.database];
    if (source.encoding === "SQL_ASCII") {
      return [
        finding("ENCODING_UNSAFE", {
          message: `The source's encoding is SQL_ASCII, the target's ${target.encoding}.`,
          objects,
        }),
      ];
    }
    const message = `The source's encoding is ${source.encoding}, the target's ${target.encoding}.`;
    return [finding("ENCODING_CONVERTED", { message, objects })];
  },
};

export const collationsAgree: Check = {
  id: "database-collation",
  title: "Both databases sort text in the same way",
  area: "target",
  needs: ["source", "target"],
  async run(gate) {
    const source = describeLocale(await gate.source.catalog.server());
    const target = describeLocale(await gate.target.catalog.server());
    if (source === target) return { findings: [], note: source };
    return [finding("COLLATION_DIFFERS", { message: `The source uses ${source}, the target ${target}.` })];
  },
};

const providers: Readonly<Record<string, string>> = { c: "the C library", i: "ICU", b: "PostgreSQL's own" };

/** `C.UTF-8` and `C.utf8` are two spellings of one locale. */
function describeLocale({ localeProvider, locale, collation, characterType }: ServerFacts): string {
  const name = localeProvider === "c" ? normal(collation) : (locale ?? collation);
  const letters =
    normal(characterType) === name || localeProvider !== "c" ? "" : `, letters as ${normal(characterType)}`;
  return `${name} of ${providers[localeProvider] ?? localeProvider}${letters}`;
}

function normal(name: string): string {
  return name.replace(/\.utf-?8$/iu, ".UTF-8");
}

const changedQuery = `
  select c.oid, n.nspname::text as schema, c.collname::text as name, c.collversion as recorded,
         pg_collation_actual_version(c.oid) as actual
    from pg_collation c join pg_namespace n on n.oid = c.collnamespace
   where c.collversion is distinct from pg_collation_actual_version(c.oid) and c.collversion is not null
     and (exists (select from pg_attribute a where a.attcollation = c.oid)
          or exists (select from pg_index i where c.oid = any(i.indcollation::oid[])))
   order by 2, 3`;

export const collationVersionsHold: Check = {
  id: "collation-versions",
  title: "Collations are those that the indexes were built with",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog } = gate.source;
    const server = await catalog.server();
    const changed = await session.rows<{ schema: string; name: string; recorded: string; actual: string }>(
      changedQuery,
    );
    const database = quoteIdentifier(server.database);
    const isDatabaseOld = server.collationVersion !== null && server.collationVersion !== server.actualCollationVersion;
    const objects = changed.map(
      ({ schema, name, recorded, actual }) => `collation ${schema}.${name}: ${recorded}, now ${actual}`,
    );
    const sql = changed.map(
      ({ schema, name }) => `alter collation ${quoteIdentifier(schema)}.${quoteIdentifier(name)} refresh version;`,
    );
    if (isDatabaseOld) {
      objects.unshift(`database ${server.database}: ${server.collationVersion}, now ${server.actualCollationVersion}`);
      sql.unshift(`alter database ${database} refresh collation version;`);
    }
    return findingAbout("COLLATION_VERSION_CHANGED", objects, (count) => ({
      message: `${plural(count, "collation")} changed since indexes were built with ${count === 1 ? "it" : "them"}.`,
      sql: [`reindex database ${database};`, ...sql].join("\n"),
    }));
  },
};

/** Those that a dump only names. User-made ones come with their definition, which asks for the library's locale. */
const usedQuery = `
  select distinct c.collname::text as name, c.collprovider::text as provider, c.collcollate::text as locale,
         n.nspname = 'pg_catalog' as "isBuiltIn"
    from pg_collation c join pg_namespace n on n.oid = c.collnamespace
   where c.collname not in ('default', 'C', 'POSIX')
     and (c.oid in (select a.attcollation from pg_attribute a join pg_class r on r.oid = a.attrelid
                     where r.relnamespace = any($1) and a.attnum > 0 and not a.attisdropped)
          or c.oid in (select unnest(i.indcollation::oid[]) from pg_index i join pg_class r on r.oid = i.indexrelid
                        where r.relnamespace = any($1))
          or c.oid in (select t.typcollation from pg_type t where t.typnamespace = any($1) and t.typtype = 'd')
          or c.oid in (select p.oid from pg_collation p where p.collnamespace = any($1)))
   order by 1`;

const offeredQuery = `
  select c.collname::text as name, c.collcollate::text as locale from pg_collation c
   where c.collnamespace = 'pg_catalog'::regnamespace and c.collencoding in (-1, (select encoding from pg_database
                                                                                 where datname = current_database()))`;

interface Collation {
  name: string;
  provider: string;
  locale: string | null;
  isBuiltIn: boolean;
}

export const collationsExist: Check = {
  id: "collations",
  title: "Collations of columns and indexes exist on the target",
  area: "target",
  needs: ["source", "target"],
  async run(gate) {
    const missing = await listMissing(gate);
    return findingAbout(
      "COLLATION_MISSING",
      missing.map(({ name }) => name),
      (count) => ({
        message: `${plural(count, "collation")} in use that the target does not have.`,
      }),
    );
  },
};

async function listMissing(gate: Gate): Promise<Collation[]> {
  const { session, catalog } = gate.source;
  const used = await session.rows<Collation>(usedQuery, [(await catalog.scope()).oids]);
  if (used.length === 0) return [];
  const offered = await gate.target.session.rows<{ name: string; locale: string | null }>(offeredQuery);
  const names = new Set(offered.map(({ name }) => name));
  const locales = new Set(offered.map(({ locale }) => normal(locale ?? "")));
  return used.filter(({ name, provider, locale, isBuiltIn }) => {
    if (isBuiltIn) return !names.has(name);
    return provider === "c" && !["C", "POSIX"].includes(locale ?? "") && !locales.has(normal(locale ?? ""));
  });
}

import type { Session } from "../../postgres/session.ts";

export interface InstalledExtension {
  name: string;
  version: string;
  schema: string;
  /** User objects that depend on a member of it, in words; at most `listedDependants`. */
  dependants: string[];
  dependantCount: number;
  /** Tables whose rows the extension asks pg_dump to carry, as `schema.table`. */
  configTables: string[];
}

const listedDependants = 50;

/**
 * Members are what `create extension` made, and what is a part of a member (a type's array type, a table's row type,
 * TOAST, defaults, constraints and indexes; operators of an operator family). What depends on a member without being one is the user's.
 */
const dependantsQuery = `
  with recursive members(extension, classid, objid) as (
    select refobjid, classid, objid from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'e'
    union
    select m.extension, d.classid, d.objid
      from members m join pg_depend d on d.refclassid = m.classid and d.refobjid = m.objid
      left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
     where d.deptype = 'i'
        or (d.deptype = 'a' and (c.relkind in ('i', 'I', 't', 'S') or d.classid in (
             'pg_amop'::regclass, 'pg_amproc'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass,
             'pg_policy'::regclass, 'pg_trigger'::regclass)))
  ), dependants as (
    select distinct m.extension, d.classid, d.objid, d.objsubid
      from members m
      join pg_depend d on d.refclassid = m.classid and d.refobjid = m.objid and d.deptype in ('n', 'a')
     where d.classid <> 'pg_extension'::regclass
       and not exists (select from members o where o.classid = d.classid and o.objid = d.objid)
  ), numbered as (
    select *, row_number() over (partition by extension order by classid, objid, objsubid) as position,
           count(*) over (partition by extension) as count
      from dependants
  )
  select e.extname::text as extension, count, pg_describe_object(classid, objid, objsubid) as object
    from numbered join pg_extension e on e.oid = extension
   where position <= ${listedDependants}
   order by extension, position`;

const extensionsQuery = `
  select e.extname::text as name, e.extversion as version, n.nspname::text as schema,
         coalesce((select array_agg(format('%s.%s', cn.nspname, c.relname) order by 1)
                     from unnest(e.extconfig) as t(oid)
                     join pg_class c on c.oid = t.oid join pg_namespace cn on cn.oid = c.relnamespace
                    where c.relkind = 'r'), '{}'::text[]) as "configTables"
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
   order by e.extname`;

export async function listExtensions(
  session: Session,
  leftOutSchemas: readonly string[],
): Promise<InstalledExtension[]> {
  const extensions = await session.rows<Omit<InstalledExtension, "dependants" | "dependantCount">>(extensionsQuery);
  const dependants = await session.rows<{ extension: string; count: number; object: string }>(dependantsQuery);
  return extensions.map((extension) => {
    const own = dependants.filter((row) => row.extension === extension.name);
    const kept = own.filter((row) => !leftOutSchemas.some((schema) => mentionsSchema(row.object, schema)));
    return {
      ...extension,
      dependants: [...new Set(kept.map((row) => readableObject(row.object)))],
      dependantCount: (own[0]?.count ?? 0) - (own.length - kept.length),
    };
  });
}

function mentionsSchema(description: string, schema: string): boolean {
  return description.includes(` ${schema}.`) || description.includes(` "${schema}".`);
}

/** `rule _RETURN on view public.v` → `view public.v`. */
function readableObject(description: string): string {
  return description.replace(/^rule _RETURN on /u, "");
}

/** An extension that the target can have. */
export interface AvailableExtension {
  name: string;
  defaultVersion: string;
  /** Where it insists on a schema of its own. */
  fixedSchema: string | null;
  isCreatable: boolean;
}

const availableQuery = `
  select a.name::text as name, a.default_version as "defaultVersion", v.schema::text as "fixedSchema",
         coalesce(to_jsonb(v) ->> 'trusted', 'false')::bool or not v.superuser as "isTrusted"
    from pg_available_extensions a
    left join pg_available_extension_versions v on v.name = a.name and v.version = a.default_version`;

/** Heroku's allow-lists: extwlist on Standard plans and up, Amazon's setting on Essential. */
const allowListQuery = `
  select coalesce(nullif(current_setting('extwlist.extensions', true), ''),
                  nullif(current_setting('rds.allowed_extensions', true), '')) as names`;

/** What the target's user may create, by the target's own word. */
export async function listAvailableExtensions(session: Session, isSuperuser: boolean): Promise<AvailableExtension[]> {
  const rows = await session.rows<Omit<AvailableExtension, "isCreatable"> & { isTrusted: boolean }>(availableQuery);
  const allowed = await readAllowList(session);
  return rows.map(({ isTrusted, ...extension }) => ({
    ...extension,
    isCreatable: isSuperuser || (allowed === undefined ? isTrusted : allowed.has(extension.name)),
  }));
}

async function readAllowList(session: Session): Promise<Set<string> | undefined> {
  const names = await session.value<string | null>(allowListQuery);
  if (names === null || names.trim() === "" || names.trim() === "*") return undefined;
  return new Set(names.split(",").map((name) => name.trim().replaceAll('"', "")));
}

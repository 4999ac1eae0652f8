import { quoteIdentifier } from "../../postgres/session.ts";
import type { Loss } from "../../report.ts";
import { plural } from "../../format.ts";
import { matchesAny } from "../pattern.ts";
import type { LossContext } from "./losses.ts";

interface Grant {
  verb: "grant" | "revoke";
  /** As GRANT names the kind: `table`, `sequence`, `function`, `schema`, `type`. */
  kind: string;
  schema: string | null;
  object: string;
  grantee: string | null;
  privileges: string;
  isGrantable: boolean;
}

/**
 * Privileges beyond those an owner and PUBLIC have by default, and defaults that were revoked: Heroku restores with
 * --no-privileges, so both are lost. One row per object and grantee.
 */
const query = `
  with objects as (
    select case when c.relkind = 'S' then 'sequence' else 'table' end as kind, n.nspname::text as schema,
           format('%I.%I', n.nspname, c.relname) as object, c.relowner as owner, c.relacl as acl,
           acldefault(case when c.relkind = 'S' then 's'::"char" else 'r'::"char" end, c.relowner) as usual,
           ''::text as suffix
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relnamespace = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relacl is not null
       and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
    union all
    select 'table', n.nspname, format('%I.%I', n.nspname, c.relname), c.relowner, a.attacl,
           acldefault('c'::"char", c.relowner), format(' (%I)', a.attname)
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where c.relnamespace = any($1) and a.attacl is not null and not a.attisdropped
    union all
    select case when p.prokind = 'p' then 'procedure' else 'function' end, n.nspname,
           format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner, p.proacl,
           acldefault('f'::"char", p.proowner), ''
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.pronamespace = any($1) and p.proacl is not null
       and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
    union all
    select 'schema', null, format('%I', n.nspname), n.nspowner, n.nspacl, acldefault('n'::"char", n.nspowner), ''
      from pg_namespace n where n.oid = any($1) and n.nspacl is not null and n.nspname <> 'public'
    union all
    select 'type', n.nspname, format('%I.%I', n.nspname, t.typname), t.typowner, t.typacl,
           acldefault('T'::"char", t.typowner), ''
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
     where t.typnamespace = any($1) and t.typacl is not null
       and not exists (select from pg_depend e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e')
  ), privileges as (
    select 'grant' as verb, o.*, a.grantee, a.privilege_type, a.is_grantable
      from objects o, aclexplode(o.acl) a
     where a.grantee <> o.owner
       and not exists (select from aclexplode(o.usual) u
                        where u.grantee = a.grantee and u.privilege_type = a.privilege_type)
    union all
    select 'revoke', o.*, u.grantee, u.privilege_type, false
      from objects o, aclexplode(o.usual) u
     where u.grantee <> o.owner
       and not exists (select from aclexplode(o.acl) a
                        where u.grantee = a.grantee and u.privilege_type = a.privilege_type)
  )
  select verb, kind, schema, object, case when grantee = 0 then null else pg_get_userbyid(grantee)::text end as grantee,
         string_agg(lower(privilege_type) || suffix, ', ' order by privilege_type, suffix) as privileges,
         is_grantable as "isGrantable"
    from privileges
   group by verb, kind, schema, object, grantee, is_grantable
   order by 1, 2, 3 nulls first, 5, 4`;

const defaultsQuery = `
  select pg_get_userbyid(d.defaclrole)::text as role, n.nspname::text as schema,
         case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                              when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as kind,
         case when a.grantee = 0 then null else pg_get_userbyid(a.grantee)::text end as grantee,
         string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as privileges
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
   where a.grantee <> d.defaclrole
   group by 1, 2, 3, 4 order by 1, 2, 3, 4`;

interface DefaultGrant {
  role: string;
  schema: string | null;
  kind: string;
  grantee: string | null;
  privileges: string;
}

export async function listGrants(context: LossContext): Promise<Loss[]> {
  const { session, schemaOids, providerRoles, user } = context;
  const isMissed = (grantee: string | null): boolean => grantee === null || !matchesAny(grantee, providerRoles);
  const grants = (await session.rows<Grant>(query, [schemaOids])).filter(({ grantee }) => isMissed(grantee));
  const defaults = (await session.rows<DefaultGrant>(defaultsQuery)).filter(({ grantee }) => isMissed(grantee));
  return [...groupGrants(grants).map(grantLoss), ...defaults.map((row) => defaultLoss(row, user))];
}

/** Alike but for the object: one statement names them all. */
function groupGrants(grants: readonly Grant[]): Grant[][] {
  const groups = new Map<string, Grant[]>();
  for (const grant of grants) {
    const { verb, kind, schema, grantee, privileges, isGrantable } = grant;
    const key = JSON.stringify([verb, kind, schema, grantee, privileges, isGrantable]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [grant]);
    else group.push(grant);
  }
  return [...groups.values()];
}

function grantLoss(group: Grant[]): Loss {
  const { verb, kind, schema, grantee, privileges, isGrantable, object } = group[0] as Grant;
  const to = grantee === null ? "public" : quoteIdentifier(grantee);
  const objects = group.map((grant) => grant.object).join(", ");
  const where =
    group.length === 1 ? `${kind} ${object}` : `${plural(group.length, kind)}${schema === null ? "" : ` of ${schema}`}`;
  const who = grantee ?? "everybody";
  if (verb === "revoke") {
    return {
      kind: "grant",
      description: `${who} had lost ${privileges} on ${where}`,
      sql: `revoke ${privileges} on ${kind} ${objects} from ${to};`,
    };
  }
  return {
    kind: "grant",
    description: `${who}: ${privileges} on ${where}`,
    sql: `grant ${privileges} on ${kind} ${objects} to ${to}${isGrantable ? " with grant option" : ""};`,
  };
}

/** Those for objects of our own user can be set again; Heroku has no other owner. */
function defaultLoss({ role, schema, kind, grantee, privileges }: DefaultGrant, user: string): Loss {
  const to = grantee === null ? "public" : quoteIdentifier(grantee);
  const place = schema === null ? "" : ` in schema ${quoteIdentifier(schema)}`;
  const grant = `grant ${privileges} on ${kind} to ${to}`;
  const description = `new ${kind} of ${role}${schema === null ? "" : ` in ${schema}`}: ${privileges} to ${grantee ?? "everybody"}`;
  const statement = `alter default privileges${place} ${grant};`;
  if (role === user) return { kind: "default-privilege", description, sql: statement };
  return {
    kind: "default-privilege",
    description,
    sql: statement,
    original: `alter default privileges for role ${quoteIdentifier(role)}${place} ${grant}`,
  };
}

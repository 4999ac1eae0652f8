import { quoteIdentifier } from "../../postgres/session.ts";
import type { Loss } from "../../report.ts";
import { plural } from "../../format.ts";
import { matchesAny } from "../pattern.ts";
import type { LossContext } from "./losses.ts";

interface Role {
  name: string;
  attributes: string[];
}

/**
 * Roles that have a part in this database: they own something, were granted something, are named by a policy, or have
 * settings here. PostgreSQL keeps that list itself (pg_shdepend).
 */
const rolesQuery = `
  with concerned as (
    select s.refobjid as oid from pg_shdepend s, pg_database d
     where d.datname = current_database() and s.refclassid = 'pg_authid'::regclass
       and (s.dbid = d.oid or (s.classid = 'pg_database'::regclass and s.objid = d.oid))
    union
    select s.setrole from pg_db_role_setting s, pg_database d
     where d.datname = current_database() and s.setrole <> 0 and s.setdatabase in (0, d.oid)
  )
  select r.rolname::text as name,
         array_remove(array[case when r.rolcanlogin then 'login' end, case when r.rolcreatedb then 'createdb' end,
                            case when r.rolcreaterole then 'createrole' end, case when r.rolsuper then 'superuser' end,
                            case when r.rolreplication then 'replication' end,
                            case when r.rolbypassrls then 'bypassrls' end,
                            case when not r.rolinherit then 'noinherit' end,
                            case when r.rolconnlimit >= 0 then 'connection limit ' || r.rolconnlimit end], null) as attributes
    from pg_roles r
   where r.oid in (select oid from concerned) and r.rolname <> current_user and r.rolname !~ '^pg_'
     and r.oid <> 10
   order by 1`;

const membershipsQuery = `
  select g.rolname::text as "group", m.rolname::text as member, a.admin_option as "isAdmin"
    from pg_auth_members a
    join pg_roles g on g.oid = a.roleid
    join pg_roles m on m.oid = a.member
   where m.rolname = any($1) or g.rolname = any($1)
   order by 1, 2`;

export async function listRoles({ session, providerRoles }: LossContext): Promise<Loss[]> {
  const roles = (await session.rows<Role>(rolesQuery)).filter(({ name }) => !matchesAny(name, providerRoles));
  const names = roles.map(({ name }) => name);
  const memberships = await session.rows<{ group: string; member: string; isAdmin: boolean }>(membershipsQuery, [
    names,
  ]);
  return [
    ...roles.map(({ name, attributes }): Loss => ({
      kind: "role",
      description: `role ${name}${attributes.length === 0 ? "" : ` (${attributes.join(", ")})`}`,
      original: `create role ${quoteIdentifier(name)} ${attributes.join(" ")}`.trim(),
    })),
    ...memberships.map(({ group, member, isAdmin }): Loss => ({
      kind: "membership",
      description: `${member} is a member of ${group}`,
      original: `grant ${quoteIdentifier(group)} to ${quoteIdentifier(member)}${isAdmin ? " with admin option" : ""}`,
    })),
  ];
}

const ownersQuery = `
  select pg_get_userbyid(owner)::text as owner, kind, count(*)::int as count
    from (select c.relowner as owner, case c.relkind when 'S' then 'sequence' when 'v' then 'view'
                                                     when 'm' then 'materialized view' else 'table' end as kind
            from pg_class c where c.relnamespace = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
           union all
          select p.proowner, 'function' from pg_proc p where p.pronamespace = any($1)
             and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid
                                and e.deptype = 'e')
           union all
          select n.nspowner, 'schema' from pg_namespace n where n.oid = any($1) and n.nspname <> 'public') objects
   where pg_get_userbyid(owner) <> current_user
   group by 1, 2 order by 1, 2`;

export async function listOwners({ session, schemaOids, providerRoles }: LossContext): Promise<Loss[]> {
  const rows = await session.rows<{ owner: string; kind: string; count: number }>(ownersQuery, [schemaOids]);
  const owners = [...new Set(rows.map(({ owner }) => owner))].filter((owner) => !matchesAny(owner, providerRoles));
  return owners.map((owner) => {
    const counts = rows.filter((row) => row.owner === owner).map(({ kind, count }) => plural(count, kind));
    return { kind: "owner", description: `${owner} owns ${counts.join(", ")}` };
  });
}

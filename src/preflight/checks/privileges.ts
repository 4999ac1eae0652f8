import type { Finding } from "../../report.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import type { Relation } from "../catalog/relations.ts";
import { isDataExcluded, isTable, relationName } from "../catalog/relations.ts";
import type { Gate } from "../gate.ts";
import { qualifiedName, quoteIdentifier } from "../../postgres/session.ts";
import { plural } from "../../format.ts";

interface MissingRight {
  oid: number;
  schema: string;
  name: string;
  kind: string;
}

const schemasQuery = `
  select n.nspname::text as name from pg_namespace n
   where n.oid = any($1) and not has_schema_privilege(n.oid, 'usage')
   order by 1`;

/** pg_dump locks tables and reads sequences; it takes views from the catalog alone. */
const relationsQuery = `
  select c.oid, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind
    from unnest($1::oid[]) as wanted(oid)
    join pg_class c on c.oid = wanted.oid
    join pg_namespace n on n.oid = c.relnamespace
   where not case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'select')
                  else has_table_privilege(c.oid, 'select') end
   order by 2, 3`;

export const everythingIsReadable: Check = {
  id: "privileges",
  title: "The user may read every table and sequence",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog, provider } = gate.source;
    const scope = await catalog.scope();
    const relations = (await catalog.relations()).filter(({ kind }) => ["r", "p", "m", "S"].includes(kind));
    const schemas = (await session.rows<{ name: string }>(schemasQuery, [scope.oids])).map(({ name }) => name);
    const missing = await session.rows<MissingRight>(relationsQuery, [relations.map(({ oid }) => oid)]);
    if (schemas.length === 0 && missing.length === 0) return [];
    const { user, majorVersion } = await catalog.server();
    const shorter = majorVersion >= 14 ? ` Shorter: grant pg_read_all_data to ${quoteIdentifier(user)};` : "";
    return [
      finding("PRIVILEGES_MISSING", {
        message: `${user} ${[
          ...(schemas.length > 0 ? [`may not use ${plural(schemas.length, "schema")}`] : []),
          ...(missing.length > 0 ? [`may not read ${plural(missing.length, "relation")}`] : []),
        ].join(" and ")}.`,
        objects: [...schemas.map((name) => `schema ${name}`), ...missing.map(relationName)],
        remedy: `Run the statements below as the owner of the objects or as an administrator.${shorter} ${provider.profile.rights}`,
        sql: grantStatements(user, schemas, missing, relations),
      }),
    ];
  },
};

const listedGrants = 40;

/** One statement per relation, or per schema where many are missing in it. */
function grantStatements(
  user: string,
  schemas: readonly string[],
  missing: readonly MissingRight[],
  all: readonly Relation[],
): string {
  const grantee = quoteIdentifier(user);
  const usage = schemas.map((schema) => `grant usage on schema ${quoteIdentifier(schema)} to ${grantee};`);
  const names = [...new Set(missing.map(({ schema }) => schema))];
  const selects = names.flatMap((schema) => {
    const own = missing.filter((relation) => relation.schema === schema);
    const isWhole = own.length > 1 && own.length === all.filter((relation) => relation.schema === schema).length;
    if (isWhole || own.length > listedGrants) return grantSchema(schema, grantee);
    return own.map(
      ({ kind, name }) =>
        `grant select on ${kind === "S" ? "sequence " : ""}${qualifiedName(schema, name)} to ${grantee};`,
    );
  });
  return [...usage, ...selects].join("\n");
}

function grantSchema(schema: string, grantee: string): string[] {
  return ["tables", "sequences"].map(
    (kind) => `grant select on all ${kind} in schema ${quoteIdentifier(schema)} to ${grantee};`,
  );
}

export const rowSecurityHidesNothing: Check = {
  id: "row-security",
  title: "Row-level security hides nothing from the user",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { catalog } = gate.source;
    const { user, isSuperuser, bypassesRowSecurity } = await catalog.server();
    if (isSuperuser || bypassesRowSecurity) return [];
    const hidden = (await catalog.relations()).filter(
      (relation) =>
        isTable(relation) &&
        relation.hasRowSecurity &&
        (!relation.isOwned || relation.forcesRowSecurity) &&
        !isDataExcluded(relation, gate.inputs.excludeTableData),
    );
    return findingAbout("ROW_SECURITY_HIDES_ROWS", hidden.map(relationName), (count) => ({
      message: `${plural(count, "table")} with row-level security would not be read whole by ${user}.`,
      sql: rowSecuritySql(user, hidden),
    }));
  },
};

/** Membership in the owner's role is enough unless the owner is subject to the policies too. */
function rowSecuritySql(user: string, hidden: readonly Relation[]): string {
  if (hidden.some((table) => table.forcesRowSecurity)) return `alter role ${quoteIdentifier(user)} bypassrls;`;
  const owners = [...new Set(hidden.map((table) => table.owner))];
  return owners.map((owner) => `grant ${quoteIdentifier(owner)} to ${quoteIdentifier(user)};`).join("\n");
}

const largeObjectsQuery = `
  select m.oid, count(*) over () as count
    from pg_largeobject_metadata m
   where not pg_has_role(m.lomowner, 'usage')
     and not exists (select from aclexplode(m.lomacl) a
                      where a.privilege_type = 'SELECT' and (a.grantee = 0 or pg_has_role(a.grantee, 'usage')))
     and current_setting('lo_compat_privileges') = 'off'
     and not (select rolsuper from pg_roles where rolname = current_user)
   order by m.oid limit 20`;

export const largeObjectsAreReadable: Check = {
  id: "large-object-privileges",
  title: "The user may read every large object",
  area: "source",
  needs: ["source"],
  async run(gate): Promise<Finding[]> {
    const unreadable = await gate.source.session.rows<{ oid: number; count: number }>(largeObjectsQuery);
    const { user } = await gate.source.catalog.server();
    return findingAbout(
      "LARGE_OBJECTS_UNREADABLE",
      unreadable.map(({ oid }) => `large object ${oid}`),
      () => ({
        message: `${user} may not read ${plural(unreadable[0]?.count ?? 0, "large object")}.`,
        sql: largeObjectSql(user),
      }),
    );
  },
};

function largeObjectSql(user: string): string {
  const grantee = quoteIdentifier(user).replaceAll("'", "''");
  return `do $block$
declare large_object oid;
begin
  for large_object in select oid from pg_largeobject_metadata loop
    execute format('grant select on large object %s to ${grantee.replaceAll("%", "%%")}', large_object);
  end loop;
end $block$;`;
}

const policiesQuery = `
  select format('%s on %s.%s', p.polname, n.nspname, c.relname) as policy, r.rolname::text as role
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace,
         unnest(p.polroles) as grantee(oid)
    join pg_roles r on r.oid = grantee.oid
   where c.relnamespace = any($1)
   order by 1`;

export const policyRolesExist: Check = {
  id: "policy-roles",
  title: "Roles that policies name exist on the target",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog } = gate.source;
    const policies = await session.rows<{ policy: string; role: string }>(policiesQuery, [
      (await catalog.scope()).oids,
    ]);
    const known = policies.length === 0 ? [] : await listTargetRoles(gate);
    const missing = policies.filter(({ role }) => !known.includes(role));
    return findingAbout(
      "POLICY_ROLE_MISSING",
      missing.map(({ policy, role }) => `${policy} names ${role}`),
      (count) => ({
        message: `${plural(count, "policy", "policies")} ${count === 1 ? "names" : "name"} a role that the target does not have.`,
      }),
    );
  },
};

async function listTargetRoles(gate: Gate): Promise<string[]> {
  if (!gate.has("target")) return [];
  const rows = await gate.target.session.rows<{ name: string }>("select rolname::text as name from pg_roles");
  return rows.map(({ name }) => name);
}

const definersQuery = `
  select format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name,
         pg_get_userbyid(p.proowner)::text as owner
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where p.prosecdef and p.pronamespace = any($1)
     and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid
                        and e.deptype = 'e')
   order by 1`;

export const noSecurityDefiners: Check = {
  id: "security-definers",
  title: "No function relies on its owner's rights",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog } = gate.source;
    const found = await session.rows<{ name: string; owner: string }>(definersQuery, [(await catalog.scope()).oids]);
    return findingAbout(
      "SECURITY_DEFINER_FUNCTIONS",
      found.map(({ name, owner }) => `${name}, owner ${owner}`),
      (count) => ({
        message: `${plural(count, "function")} ${count === 1 ? "is" : "are"} security definer.`,
      }),
    );
  },
};

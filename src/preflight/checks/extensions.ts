import type { Finding } from "../../report.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import type { FindingCode } from "../codes.ts";
import type { ExtensionReason, JudgedExtension } from "../extension-rows.ts";
import { judgeExtensions } from "../extension-rows.ts";
import type { Gate } from "../gate.ts";
import { quoteIdentifier } from "../../postgres/session.ts";
import { plural } from "../../format.ts";
import { escapePattern } from "../pattern.ts";

export const extensionsAreOffered: Check = {
  id: "extensions",
  title: "Every extension in use is offered by the target",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const judged = await judgeExtensions(gate);
    const leftOut = judged.filter(({ row }) => row.action === "leave-out");
    const findings = [
      ...judged.filter(({ row }) => row.action === "blocked").map(blockedFinding),
      ...findingAbout(
        "EXTENSION_LEFT_OUT",
        leftOut.map(({ row }) => row.name),
        (count) => ({
          message: `${plural(count, "extension")} will not be created on the target: ${leftOut.map(({ row }) => `${row.name} (${row.class})`).join(", ")}.`,
        }),
      ),
      ...judged.filter(({ isOlder }) => isOlder).map(olderFinding),
    ];
    const basis = gate.has("target") ? "asked the target" : "the target cannot be asked: Heroku's usual list";
    return { findings, note: `${plural(judged.length, "extension")}; ${basis}` };
  },
};

const blockedCodes: Partial<Record<ExtensionReason, FindingCode>> = {
  "not-creatable": "EXTENSION_NOT_CREATABLE",
  "fixed-schema": "EXTENSION_FIXED_SCHEMA",
  agent: "EXTENSION_LEFT_OUT_IN_USE",
  excluded: "EXTENSION_LEFT_OUT_IN_USE",
};

function blockedFinding({ row, installed, reason }: JudgedExtension): Finding {
  const code = blockedCodes[reason] ?? "EXTENSION_NOT_OFFERED";
  const users =
    installed.dependantCount === 0
      ? "extensions of its kind hold data in columns and indexes"
      : `${plural(installed.dependantCount, "object")} ${installed.dependantCount === 1 ? "depends" : "depend"} on it`;
  const isUnused = installed.dependantCount === 0;
  return finding(code, {
    message: `${row.name} ${row.sourceVersion ?? ""}: ${row.note}; ${users}.`,
    objects: [row.name, ...row.dependants],
    ...(isUnused && reason === "not-offered"
      ? {
          sql: `drop extension ${quoteIdentifier(row.name)};`,
          remedy: "Nothing was found that depends on it. If it is unused, drop it, or name it in exclude-extensions.",
        }
      : {}),
  });
}

function olderFinding({ row }: JudgedExtension): Finding {
  return finding("EXTENSION_OLDER_ON_TARGET", {
    message: `${row.name} is ${row.sourceVersion} at the source and ${row.targetVersion} on the target.`,
    objects: [row.name],
  });
}

export const leftOutExtensionsHoldNoData: Check = {
  id: "extension-data",
  title: "Extensions that are left out hold no data, and no function calls them",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const judged = await judgeExtensions(gate);
    const gone = judged.filter(({ row }) => row.action === "leave-out" || row.action === "blocked");
    const filled = await listFilledTables(
      gate,
      gone.flatMap(({ installed }) => installed.configTables),
    );
    const mentions = await listMentions(
      gate,
      gone.map(({ row }) => row.name),
    );
    return [
      ...findingAbout("EXTENSION_DATA_LEFT_OUT", filled, (count) => ({
        message: `${plural(count, "table")} of extensions that do not cross ${count === 1 ? "holds" : "hold"} rows.`,
      })),
      ...findingAbout("EXTENSION_MENTIONED", mentions, (count) => ({
        message: `${plural(count, "function")} ${count === 1 ? "calls" : "call"} what will not exist on the target.`,
      })),
    ];
  },
};

/** Tables of an extension that the user may not read cannot hold data of the user's. */
async function listFilledTables(gate: Gate, tables: readonly string[]): Promise<string[]> {
  const { session } = gate.source;
  const filled: string[] = [];
  for (const table of tables) {
    const [schema = "", name = ""] = table.split(".");
    const sql = `select exists (select from ${quoteIdentifier(schema)}.${quoteIdentifier(name)})`;
    const hasRows = await session.value<boolean>(sql).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === "42501") return false;
      throw error;
    });
    if (hasRows) filled.push(table);
  }
  return filled;
}

const membersQuery = `
  select distinct e.extname::text as extension, p.proname::text as name
    from pg_depend d
    join pg_extension e on e.oid = d.refobjid
    join pg_proc p on p.oid = d.objid
   where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
     and e.extname = any($1) and length(p.proname) > 3
     and not exists (select from pg_proc b where b.proname = p.proname and b.oid <> p.oid
                        and not exists (select from pg_depend o where o.classid = 'pg_proc'::regclass
                                           and o.objid = b.oid and o.deptype = 'e'))`;

const bodiesQuery = `
  select format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name, p.prosrc as body
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
   where p.pronamespace = any($1) and l.lanname not in ('c', 'internal')
     and exists (select from unnest($2::text[]) as member(name) where position(member.name in p.prosrc) > 0)
     and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid
                        and e.deptype = 'e')
   order by 1`;

async function listMentions(gate: Gate, extensions: readonly string[]): Promise<string[]> {
  if (extensions.length === 0) return [];
  const { session, catalog } = gate.source;
  const members = await session.rows<{ extension: string; name: string }>(membersQuery, [extensions]);
  const names = [...new Set(members.map(({ name }) => name))];
  if (names.length === 0) return [];
  const { oids } = await catalog.scope();
  const bodies = await session.rows<{ name: string; body: string }>(bodiesQuery, [oids, names]);
  return bodies.flatMap((routine) => {
    const called = members.find(({ name }) => callsFunction(routine.body, name));
    return called === undefined ? [] : [`${routine.name} calls ${called.name} of ${called.extension}`];
  });
}

export function callsFunction(body: string, name: string): boolean {
  return new RegExp(`(?<![\\w$])${escapePattern(name)}\\s*\\(`, "iu").test(body);
}

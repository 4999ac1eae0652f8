import { formatSeconds, plural } from "../../format.ts";
import type { Session } from "../../postgres/session.ts";
import type { Finding } from "../../report.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import type { Gate } from "../gate.ts";

interface Probe {
  name: string;
  query: string;
  isValid: boolean;
}

const countedRows = 1000;

/** MATCH SIMPLE: a row with a null among its columns refers to nothing. */
const foreignKeysQuery = `
  select format('%s on %s.%s', k.conname, n.nspname, c.relname) as name, k.convalidated as "isValid",
         format('select count(*)::int as count from (select from %I.%I c where %s and not exists (select from %I.%I p where %s) limit ${countedRows}) orphans',
                n.nspname, c.relname,
                (select string_agg(format('c.%I is not null', a.attname), ' and ')
                   from unnest(k.conkey) key(num) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.num),
                pn.nspname, p.relname,
                (select string_agg(format('p.%I = c.%I', b.attname, a.attname), ' and ')
                   from unnest(k.conkey, k.confkey) key(num, parent)
                   join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.num
                   join pg_attribute b on b.attrelid = k.confrelid and b.attnum = key.parent)) as query
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
   where k.contype = 'f' and k.conparentid = 0 and c.relnamespace = any($1)
     and not coalesce((to_jsonb(k) ->> 'conperiod')::bool, false)
   order by k.convalidated, c.relpages, 1`;

/** Keys as the index has them, expressions included; nulls are equal only where the index says so. */
const uniqueIndexesQuery = `
  select format('%s.%s on %s', n.nspname, c.relname, t.relname) as name, true as "isValid",
         format('select count(*)::int as count from (select from %I.%I where %s group by %s having count(*) > 1 limit ${countedRows}) duplicates',
                tn.nspname, t.relname,
                concat_ws(' and ', case when coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) then 'true'
                  else (select string_agg(format('(%s) is not null', pg_get_indexdef(c.oid, key, false)), ' and ')
                          from generate_series(1, i.indnkeyatts::int) key) end,
                  '(' || pg_get_expr(i.indpred, i.indrelid) || ')'),
                (select string_agg(format('(%s)', pg_get_indexdef(c.oid, key, false)), ', ')
                   from generate_series(1, i.indnkeyatts::int) key)) as query
    from pg_index i
    join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class t on t.oid = i.indrelid join pg_namespace tn on tn.oid = t.relnamespace
   where i.indisunique and i.indisvalid and t.relkind = 'r' and c.relnamespace = any($1)
   order by t.relpages, 1`;

/** Optional: reads whole tables, smallest first, until its time is used up. */
export const dataHoldsTogether: Check = {
  id: "data-probes",
  title: "Rows obey their foreign keys and unique indexes",
  area: "source",
  needs: ["source"],
  budgetMs: 600_000,
  async run(gate) {
    if (!gate.inputs.dataProbes) return { findings: [], note: "not asked for (data-probes)" };
    const { session, catalog } = gate.source;
    const { oids } = await catalog.scope();
    const keys = await session.rows<Probe>(foreignKeysQuery, [oids]);
    const indexes = await session.rows<Probe>(uniqueIndexesQuery, [oids]);
    const deadline = performance.now() + gate.limits.probeBudgetMs;
    const orphans = await runProbes(gate, keys, deadline);
    const duplicates = await withoutIndexScans(session, () => runProbes(gate, indexes, deadline));
    return [
      ...orphanFindings(orphans.broken),
      ...duplicateFindings(duplicates.broken),
      ...cutShort(gate, orphans.left + duplicates.left),
    ];
  },
};

interface ProbeResults {
  broken: (Probe & { count: number })[];
  /** How many were not finished. */
  left: number;
}

async function runProbes(gate: Gate, probes: readonly Probe[], deadline: number): Promise<ProbeResults> {
  const { session } = gate.source;
  const results: ProbeResults = { broken: [], left: 0 };
  for (const probe of probes) {
    const leftMs = Math.floor(deadline - performance.now());
    const count = leftMs <= 0 ? undefined : await runProbe(session, probe, leftMs);
    if (count === undefined) results.left += 1;
    else if (count > 0) results.broken.push({ ...probe, count });
  }
  await session.execute(`set statement_timeout = ${gate.limits.statementTimeoutMs}`);
  return results;
}

/** Undefined when the time was used up or a lock was in the way. */
async function runProbe(session: Session, probe: Probe, timeoutMs: number): Promise<number | undefined> {
  await session.execute(`set statement_timeout = ${Math.max(1, timeoutMs)}`);
  try {
    return await session.value<number>(probe.query);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "57014" || code === "55P03") return undefined;
    throw error;
  }
}

/** A damaged index would hide the very rows that are looked for. */
async function withoutIndexScans<T>(session: Session, use: () => Promise<T>): Promise<T> {
  const names = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];
  await session.execute(names.map((name) => `set ${name} = off`).join("; "));
  try {
    return await use();
  } finally {
    await session.execute(names.map((name) => `reset ${name}`).join("; "));
  }
}

function orphanFindings(broken: ProbeResults["broken"]): Finding[] {
  const claimed = broken.filter(({ isValid }) => isValid);
  const unvalidated = broken.filter(({ isValid }) => !isValid);
  return [
    ...findingAbout("FOREIGN_KEY_BROKEN", claimed.map(sentence), (count) => ({
      message: `${plural(count, "foreign key")} ${count === 1 ? "claims" : "claim"} to be valid and ${count === 1 ? "is" : "are"} not.`,
    })),
    ...findingAbout("ORPHAN_ROWS", unvalidated.map(sentence), (count) => ({
      message: `${plural(count, "unvalidated foreign key")} with rows whose parent does not exist.`,
    })),
  ];
}

function duplicateFindings(broken: ProbeResults["broken"]): Finding[] {
  return findingAbout("DUPLICATE_KEYS", broken.map(sentence), (count) => ({
    message: `${plural(count, "unique index", "unique indexes")} over duplicates.`,
  }));
}

function sentence({ name, count }: { name: string; count: number }): string {
  return `${name}: ${count}${count === countedRows ? " or more" : ""}`;
}

function cutShort(gate: Gate, left: number): Finding[] {
  if (left === 0) return [];
  const message = `${plural(left, "probe")} not finished within ${formatSeconds(gate.limits.probeBudgetMs / 1000)}.`;
  return [finding("PROBES_CUT_SHORT", { message })];
}

import { plural } from "../../format.ts";
import type { Session } from "../../postgres/session.ts";
import type { Check } from "../check.ts";
import { findingAbout } from "../check.ts";

interface Expression {
  /** `index public.by_name`, for people. */
  object: string;
  /** Of one row of the table, or a materialized view's whole query. */
  expression: string;
  /** Quoted; null for a materialized view. */
  table: string | null;
  alias: string;
  /** Functions of the user's that it calls, each as `alter function` names it, with its schema. */
  functions: { signature: string; schema: string; kind: string }[];
}

/**
 * Expressions that call the user's own functions, which a restore evaluates with an empty search_path: when it builds an
 * index, checks rows, computes generated columns, and fills materialized views.
 */
const query = `
  with own as (
    select p.oid, n.nspname::text as schema,
           format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as signature
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
     where p.pronamespace = any($1) and l.lanname not in ('c', 'internal')
       and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
  ), users as (
    select d.classid, d.objid, jsonb_agg(distinct jsonb_build_object('signature', o.signature, 'schema', o.schema)) as functions
      from pg_depend d join own o on d.refclassid = 'pg_proc'::regclass and d.refobjid = o.oid
     where d.classid in ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_rewrite'::regclass)
     group by 1, 2
  )
  select format('index %s.%s', n.nspname, c.relname) as object,
         concat_ws(', ', pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)) as expression,
         format('%I.%I', tn.nspname, t.relname) as table, quote_ident(t.relname) as alias, u.functions
    from users u
    join pg_index i on u.classid = 'pg_class'::regclass and i.indexrelid = u.objid
    join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class t on t.oid = i.indrelid join pg_namespace tn on tn.oid = t.relnamespace
   where t.relkind in ('r', 'm')
  union all
  select format('constraint %s on %s.%s', k.conname, n.nspname, c.relname), pg_get_expr(k.conbin, k.conrelid),
         format('%I.%I', n.nspname, c.relname), quote_ident(c.relname), u.functions
    from users u
    join pg_constraint k on u.classid = 'pg_constraint'::regclass and k.oid = u.objid
    join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where k.contype = 'c'
  union all
  select format('generated column %s of %s.%s', a.attname, n.nspname, c.relname), pg_get_expr(d.adbin, d.adrelid),
         format('%I.%I', n.nspname, c.relname), quote_ident(c.relname), u.functions
    from users u
    join pg_attrdef d on u.classid = 'pg_attrdef'::regclass and d.oid = u.objid
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace
   where coalesce(to_jsonb(a) ->> 'attgenerated', '') <> ''
  union all
  select format('materialized view %s.%s', n.nspname, c.relname), rtrim(pg_get_viewdef(c.oid), '; '), null, '', u.functions
    from users u
    join pg_rewrite r on u.classid = 'pg_rewrite'::regclass and r.oid = u.objid
    join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'm' and c.relispopulated
   order by 1`;

const probeTimeoutMs = 2000;
const budgetMs = 15_000;

export const expressionsNeedNoPath: Check = {
  id: "search-path",
  title: "No expression needs a search_path",
  area: "source",
  needs: ["source"],
  budgetMs: budgetMs + 10_000,
  async run(gate) {
    const { session, catalog } = gate.source;
    const expressions = await session.rows<Expression>(query, [(await catalog.scope()).oids]);
    const { broken, tried } = await evaluateAll(session, expressions, gate.limits.statementTimeoutMs);
    const findings = findingAbout(
      "SEARCH_PATH_NEEDED",
      broken.map(({ object, problem }) => `${object}: ${problem}`),
      (count) => ({
        message: `${plural(count, "expression")} ${count === 1 ? "fails" : "fail"} with an empty search_path.`,
        sql: statements(broken),
      }),
    );
    const note = `${tried} of ${plural(expressions.length, "expression")} tried${tried < expressions.length ? ": cut short" : ""}`;
    return { findings, note };
  },
};

type Broken = Expression & { problem: string };

/** Undefined column, function, table, object, schema, type: what a name that is not found ends in. */
const notFound = new Set(["42P01", "42883", "42704", "3F000", "42703", "42P02"]);

async function evaluateAll(
  session: Session,
  expressions: readonly Expression[],
  statementTimeoutMs: number,
): Promise<{ broken: Broken[]; tried: number }> {
  const deadline = performance.now() + budgetMs;
  const broken: Broken[] = [];
  let tried = 0;
  await session.execute(`set statement_timeout = ${probeTimeoutMs}`);
  try {
    for (const expression of expressions) {
      if (performance.now() > deadline) break;
      const problem = await evaluate(session, expression);
      tried += 1;
      if (problem !== undefined) broken.push({ ...expression, problem });
    }
  } finally {
    await session.execute(`set search_path = pg_catalog; set statement_timeout = ${statementTimeoutMs}`);
  }
  return { broken, tried };
}

/** The server's message when a name was not found. Any other error is not this check's. */
async function evaluate(session: Session, { expression, table, alias }: Expression): Promise<string | undefined> {
  try {
    const row = table === null ? undefined : await readRow(session, table);
    await session.execute("set search_path = ''");
    if (table === null) await session.rows(`select * from (${expression}) definition limit 1`);
    else await session.rows(`select ${expression} from (select ($1::text::${table}).*) as ${alias}`, [row ?? null]);
    return undefined;
  } catch (error) {
    if (session.isLost) throw error;
    const { code, message } = error as { code?: string; message: string };
    return notFound.has(code ?? "") ? message : undefined;
  }
}

const widestRowBytes = 100_000;

/**
 * Some row as text, read with the user's own search_path: planning a query on the table itself would evaluate all of its
 * indexes' expressions, and blame one for another.
 */
async function readRow(session: Session, table: string): Promise<string | undefined> {
  await session.execute("set search_path to default");
  const sql = `select r::text as row from only ${table} r where pg_column_size(r.*) < ${widestRowBytes} limit 1`;
  const [first] = await session.rows<{ row: string }>(sql);
  return first?.row;
}

/** The function's own schema first, where it found its names until now, and public, where most things are. */
function statements(broken: readonly Broken[]): string {
  const functions = broken.flatMap((expression) => expression.functions);
  const lines = functions.map(({ signature, schema }) => {
    const path = schema === "public" ? "public" : `${JSON.stringify(schema).replaceAll('\\"', '""')}, public`;
    return `alter function ${signature} set search_path = ${path}, pg_temp;`;
  });
  return [...new Set(lines)].join("\n");
}

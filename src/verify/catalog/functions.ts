import { type CatalogClass, digest, isNoMember, isUserSchema, sortedText } from "./class.ts";

/** The types alone, as pg_dump tags a function. */
const identity = "p.proname || '(' || oidvectortypes(p.proargtypes) || ')'";

/** Bodies in the SQL standard's form exist from 14 on. */
function functionsSql(majorVersion: number): string {
  return `
    select n.nspname as schema, ${identity} as name,
      case p.prokind when 'p' then 'PROCEDURE' else 'FUNCTION' end as object,
      p.prokind::text as kind,
      pg_get_function_arguments(p.oid) as arguments,
      pg_get_function_result(p.oid) as result,
      l.lanname as language,
      ${digest("p.prosrc")} as body,
      ${majorVersion >= 14 ? "pg_get_function_sqlbody(p.oid)" : "null::text"} as "SQL body",
      p.probin as "link symbol",
      p.provolatile::text as volatility,
      p.proparallel::text as "parallel safety",
      p.proisstrict::text as strict,
      p.prosecdef::text as "security definer",
      p.proleakproof::text as leakproof,
      p.procost::text as cost,
      p.prorows::text as rows,
      p.prosupport::text as "support function",
      (select string_agg(format_type(kind, null), ', ') from unnest(p.protrftypes) as kind) as transforms,
      ${sortedText("p.proconfig")} as settings
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
    where p.prokind in ('f', 'p', 'w') and ${isUserSchema} and ${isNoMember("pg_proc", "p.oid")}
      and not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i')`;
}

/** Without those that the server makes itself, such as the constructors of a range type. */
export const functions: CatalogClass = { object: "FUNCTION", sql: functionsSql };

export const aggregates: CatalogClass = {
  object: "AGGREGATE",
  sql: `
    select n.nspname as schema, ${identity} as name,
      a.aggkind::text as kind,
      pg_get_function_arguments(p.oid) as arguments,
      pg_get_function_result(p.oid) as result,
      concat_ws(' ', a.aggtransfn::regprocedure, a.aggfinalfn::regprocedure, a.aggcombinefn::regprocedure,
        a.aggserialfn::regprocedure, a.aggdeserialfn::regprocedure, a.aggmtransfn::regprocedure,
        a.aggminvtransfn::regprocedure, a.aggmfinalfn::regprocedure) as functions,
      concat_ws(' ', a.aggtranstype::regtype, a.aggtransspace, a.aggmtranstype::regtype, a.aggmtransspace,
        a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify) as states,
      a.agginitval as "initial value",
      a.aggminitval as "moving initial value",
      a.aggsortop::regoperator::text as "sort operator",
      p.proparallel::text as "parallel safety"
    from pg_aggregate a
    join pg_proc p on p.oid = a.aggfnoid
    join pg_namespace n on n.oid = p.pronamespace
    where ${isUserSchema} and ${isNoMember("pg_proc", "p.oid")}`,
};

import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

export const operators: CatalogClass = {
  object: "OPERATOR",
  sql: `
    select n.nspname as schema,
      o.oprname || '(' || case o.oprleft when 0 then 'NONE' else o.oprleft::regtype::text end || ',' || o.oprright::regtype || ')' as name,
      o.oprresult::regtype::text as result,
      o.oprcode::regprocedure::text as function,
      o.oprcom::regoperator::text as commutator,
      o.oprnegate::regoperator::text as negator,
      o.oprrest::text as "restriction estimator",
      o.oprjoin::text as "join estimator",
      o.oprcanhash::text as hashes,
      o.oprcanmerge::text as merges
    from pg_operator o
    join pg_namespace n on n.oid = o.oprnamespace
    where ${isUserSchema} and ${isNoMember("pg_operator", "o.oid")}`,
};

export const operatorClasses: CatalogClass = {
  object: "OPERATOR CLASS",
  sql: `
    select n.nspname as schema, o.opcname || ' USING ' || am.amname as name,
      o.opcintype::regtype::text as type,
      o.opckeytype::regtype::text as "key type",
      o.opcdefault::text as "default",
      f.opfname as family
    from pg_opclass o
    join pg_am am on am.oid = o.opcmethod
    join pg_opfamily f on f.oid = o.opcfamily
    join pg_namespace n on n.oid = o.opcnamespace
    where ${isUserSchema} and ${isNoMember("pg_opclass", "o.oid")}`,
};

export const operatorFamilies: CatalogClass = {
  object: "OPERATOR FAMILY",
  sql: `
    select n.nspname as schema, f.opfname || ' USING ' || am.amname as name,
      (select string_agg(concat_ws(' ', o.amopstrategy, o.amopopr::regoperator, o.amoppurpose), ', '
          order by o.amopstrategy, o.amopopr::regoperator::text collate "C")
        from pg_amop o where o.amopfamily = f.oid) as operators,
      (select string_agg(concat_ws(' ', p.amprocnum, p.amproc::regprocedure), ', '
          order by p.amprocnum, p.amproc::regprocedure::text collate "C")
        from pg_amproc p where p.amprocfamily = f.oid) as functions
    from pg_opfamily f
    join pg_am am on am.oid = f.opfmethod
    join pg_namespace n on n.oid = f.opfnamespace
    where ${isUserSchema} and ${isNoMember("pg_opfamily", "f.oid")}`,
};

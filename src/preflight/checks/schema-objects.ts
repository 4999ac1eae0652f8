import { plural } from "../../format.ts";
import { firstUserOid, isOwnObject, listing } from "./listing.ts";

const functionName = `format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))`;

export const functionLanguagesAreOffered = listing({
  id: "languages",
  title: "Functions are written in languages that Heroku offers",
  code: "FUNCTION_LANGUAGE_NOT_OFFERED",
  query: `
    select format('%s in %s', ${functionName}, l.lanname) as name
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
     where p.pronamespace = any($1) and p.prokind <> 'a' and not l.lanpltrusted and l.lanname <> 'sql'
       and ${isOwnObject("pg_proc", "p.oid")}
     order by 1`,
  message: (count) => `${plural(count, "function")} in C, internal or an untrusted language.`,
});

/** Each branch: what `create …` of that kind demands, by the reference page of the command. */
export const nothingNeedsSuperuser = listing({
  id: "superuser-objects",
  title: "No object needs a superuser to be created",
  code: "NEEDS_SUPERUSER",
  query: `
    select 'type ' || format_type(t.oid, null) as name
      from pg_type t
     where t.typnamespace = any($1) and t.typtype = 'b' and t.typisdefined
       and not exists (select from pg_type e where e.typarray = t.oid) and ${isOwnObject("pg_type", "t.oid")}
    union all
    select format('operator class %s.%s (%s)', n.nspname, o.opcname, a.amname)
      from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace join pg_am a on a.oid = o.opcmethod
     where o.opcnamespace = any($1) and ${isOwnObject("pg_opclass", "o.oid")}
    union all
    select format('operator family %s.%s', n.nspname, f.opfname)
      from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace
     where f.opfnamespace = any($1) and ${isOwnObject("pg_opfamily", "f.oid")}
       and not exists (select from pg_opclass o where o.opcfamily = f.oid)
    union all
    select format('cast from %s to %s', format_type(c.castsource, null), format_type(c.casttarget, null))
      from pg_cast c
     where c.oid >= ${firstUserOid} and ${isOwnObject("pg_cast", "c.oid")}
       and (c.castmethod = 'b' or (c.castsource < ${firstUserOid} and c.casttarget < ${firstUserOid}))
    union all
    select 'access method ' || a.amname from pg_am a
     where a.oid >= ${firstUserOid} and ${isOwnObject("pg_am", "a.oid")}
    union all
    select format('text search parser %s.%s', n.nspname, t.prsname)
      from pg_ts_parser t join pg_namespace n on n.oid = t.prsnamespace
     where t.prsnamespace = any($1) and ${isOwnObject("pg_ts_parser", "t.oid")}
    union all
    select format('text search template %s.%s', n.nspname, t.tmplname)
      from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace
     where t.tmplnamespace = any($1) and ${isOwnObject("pg_ts_template", "t.oid")}
    union all
    select format('transform for %s', format_type(t.trftype, null)) from pg_transform t
     where t.oid >= ${firstUserOid} and ${isOwnObject("pg_transform", "t.oid")}
    union all
    select 'language ' || l.lanname from pg_language l
     where l.oid >= ${firstUserOid} and ${isOwnObject("pg_language", "l.oid")}
    union all
    select 'leakproof function ' || ${functionName}
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.pronamespace = any($1) and p.proleakproof and ${isOwnObject("pg_proc", "p.oid")}
    union all
    select 'aggregate with state type internal ' || ${functionName}
      from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace
     where p.pronamespace = any($1) and a.aggtranstype = 'internal'::regtype and ${isOwnObject("pg_proc", "p.oid")}
    union all
    select format('function %s with %s', ${functionName}, item)
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace, unnest(p.proconfig) as item
      join pg_settings s on lower(s.name) = lower(split_part(item, '=', 1))
     where p.pronamespace = any($1) and s.context <> 'user' and ${isOwnObject("pg_proc", "p.oid")}
     order by 1`,
  message: (count) => `${plural(count, "object")} that Heroku's user may not create.`,
});

export const tablesAreHeap = listing({
  id: "table-access-methods",
  title: "Every table is stored as a heap",
  code: "TABLE_ACCESS_METHOD",
  sinceMajor: 12,
  query: `
    select format('%s.%s uses %s', n.nspname, c.relname, a.amname) as name,
           case when current_setting('server_version_num')::int >= 150000 and c.relkind = 'r'
                then format('alter table %I.%I set access method heap;', n.nspname, c.relname) end as sql
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_am a on a.oid = c.relam
     where c.relnamespace = any($1) and c.relkind in ('r', 'm') and a.amname <> 'heap'
       and ${isOwnObject("pg_class", "c.oid")}
     order by 1`,
  message: (count) => `${plural(count, "table")} stored in another way than heap.`,
});

export const functionsStayInside = listing({
  id: "server-files",
  title: "No function reaches for the server's files or programs",
  code: "FUNCTION_TOUCHES_SERVER",
  query: `
    select ${functionName} as name
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
     where p.pronamespace = any($1) and l.lanname not in ('c', 'internal') and ${isOwnObject("pg_proc", "p.oid")}
       and p.prosrc ~* '\\m(pg_read_file|pg_read_binary_file|pg_ls_dir|pg_ls_logdir|pg_ls_waldir|pg_stat_file|lo_import|lo_export|pg_file_write|pg_reload_conf|pg_rotate_logfile)\\M\\s*\\(|\\mcopy\\M[^;]*\\m(from|to)\\M\\s+(program\\M|e?''[^'']*/)'
     order by 1`,
  message: (count) =>
    `${plural(count, "function")} that ${count === 1 ? "touches" : "touch"} files or programs of the server.`,
});

export const noUnloggedTables = listing({
  id: "unlogged-tables",
  title: "No unlogged tables",
  code: "UNLOGGED_TABLES",
  query: `
    select format('%s.%s', n.nspname, c.relname) as name,
           format('alter table %I.%I set logged;', n.nspname, c.relname) as sql
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relnamespace = any($1) and c.relkind = 'r' and c.relpersistence = 'u' and ${isOwnObject("pg_class", "c.oid")}
     order by 1`,
  message: (count) => `${plural(count, "unlogged table")}.`,
});

export const matviewsArePopulated = listing({
  id: "materialized-views",
  title: "Every materialized view is populated",
  code: "MATVIEWS_NOT_POPULATED",
  query: `
    select format('%s.%s', n.nspname, c.relname) as name,
           format('refresh materialized view %I.%I;', n.nspname, c.relname) as sql
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relnamespace = any($1) and c.relkind = 'm' and not c.relispopulated and ${isOwnObject("pg_class", "c.oid")}
     order by 1`,
  message: (count) => `${plural(count, "materialized view")} without rows.`,
});

/** Control characters of ASCII, which no identifier written by a person has. */
export const identifiersAreOrdinary = listing({
  id: "identifiers",
  title: "No name holds control characters",
  code: "ODD_IDENTIFIERS",
  query: `
    select kind || ' ' || name as name from (
      select 'schema' as kind, n.nspname::text as name from pg_namespace n where n.oid = any($1)
      union all
      select 'relation', c.relname from pg_class c where c.relnamespace = any($1)
      union all
      select 'column', a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace = any($1) and a.attnum > 0 and not a.attisdropped
      union all
      select 'function', p.proname from pg_proc p where p.pronamespace = any($1)
      union all
      select 'constraint', c.conname from pg_constraint c where c.connamespace = any($1)
      union all
      select 'type', t.typname from pg_type t
       where t.typnamespace = any($1) and t.typtype in ('d', 'e', 'r')
      union all
      select 'trigger', t.tgname from pg_trigger t where not t.tgisinternal
    ) names
    where name ~ '[\\x01-\\x1f\\x7f]'
    order by 1`,
  message: (count) => `${plural(count, "name")} with control characters.`,
});

export const indexesAreValid = listing({
  id: "invalid-indexes",
  title: "Every index is valid",
  code: "INDEX_INVALID",
  query: `
    select format('%s.%s on %s', n.nspname, c.relname, t.relname) as name,
           case when c.relname ~ '_cc(new|old)[0-9]*$' then format('drop index concurrently %I.%I;', n.nspname, c.relname)
                else format('reindex index concurrently %I.%I;', n.nspname, c.relname) end as sql
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_class t on t.oid = i.indrelid
      join pg_namespace n on n.oid = c.relnamespace
     where c.relnamespace = any($1) and c.relkind = 'i' and not (i.indisvalid and i.indisready)
     order by 1`,
  message: (count) => `${plural(count, "index is", "indexes are")} invalid and will be missing on the target.`,
});

export const constraintsAreValidated = listing({
  id: "unvalidated-constraints",
  title: "Every constraint is validated",
  code: "CONSTRAINT_NOT_VALIDATED",
  query: `
    select format('%s on %s.%s', k.conname, n.nspname, c.relname) as name,
           format('alter table %I.%I validate constraint %I;', n.nspname, c.relname, k.conname) as sql
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where c.relnamespace = any($1) and not k.convalidated and k.contype in ('f', 'c', 'n')
       and coalesce((to_jsonb(k) ->> 'conenforced')::bool, true) and ${isOwnObject("pg_constraint", "k.oid")}
     order by 1`,
  message: (count) => `${plural(count, "constraint")} NOT VALID.`,
});

import { redact } from "../../secret.ts";
import type { Loss } from "../../report.ts";
import type { LossContext } from "./losses.ts";

const publicationsQuery = `
  select p.pubname::text as name,
         format('create publication %I %s', p.pubname,
                case when p.puballtables then 'for all tables'
                     else coalesce('for table ' || (select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by 1)
                                                      from pg_publication_rel r join pg_class c on c.oid = r.prrelid
                                                      join pg_namespace n on n.oid = c.relnamespace
                                                     where r.prpubid = p.oid), '') end) as original
    from pg_publication p order by 1`;

const subscriptionsQuery = `
  select subname::text as name, format('create subscription %I connection ''***'' publication %s', subname,
                                       array_to_string(subpublications, ', ')) as original
    from pg_subscription where subdbid = (select oid from pg_database where datname = current_database()) order by 1`;

const eventTriggersQuery = `
  select t.evtname::text as name,
         format('create event trigger %I on %s %s execute function %s()', t.evtname, t.evtevent,
                case when t.evttags is null then ''
                     else format('when tag in (%s)', (select string_agg(quote_literal(tag), ', ') from unnest(t.evttags) tag)) end,
                t.evtfoid::regproc) as original
    from pg_event_trigger t
   where t.evtname <> all($1::text[])
     and not exists (select from pg_depend e where e.classid = 'pg_event_trigger'::regclass and e.objid = t.oid and e.deptype = 'e')
   order by 1`;

/** Options of mappings hold passwords: their names only. */
const mappingsQuery = `
  select format('%s on %s', m.usename, m.srvname) as name,
         format('create user mapping for %s server %I options (%s)',
                case when m.umuser = 0 then 'public' else quote_ident(m.usename) end, m.srvname,
                coalesce((select string_agg(split_part(o, '=', 1) || ' ''***''', ', ') from unnest(m.umoptions) o), '')) as original
    from pg_user_mappings m order by 1`;

const serversQuery = `
  select s.srvname::text as name,
         format('create server %I foreign data wrapper %I options (%s)', s.srvname, w.fdwname,
                coalesce((select string_agg(format('%I %L', split_part(o, '=', 1), substr(o, position('=' in o) + 1)), ', ')
                            from unnest(s.srvoptions) o), '')) as original
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw order by 1`;

interface NamedObject {
  name: string;
  original: string;
}

/** What the archive's table of contents is made without, and what only a superuser could recreate. */
export async function listUncarriedObjects({ session, providerEventTriggers }: LossContext): Promise<Loss[]> {
  const read = async (kind: Loss["kind"], word: string, query: string, parameters: unknown[] = []): Promise<Loss[]> => {
    const rows = await session.rows<NamedObject>(query, parameters);
    return rows.map(({ name, original }) => ({ kind, description: `${word} ${name}`, original: redact(original) }));
  };
  return [
    ...(await read("publication", "publication", publicationsQuery)),
    ...(await read("subscription", "subscription", subscriptionsQuery)),
    ...(await read("event-trigger", "event trigger", eventTriggersQuery, [providerEventTriggers])),
    ...(await read("foreign-server", "foreign server", serversQuery)),
    ...(await read("foreign-server", "user mapping", mappingsQuery)),
  ];
}

import { messageOf } from "../errors.ts";
import { qualifiedName, quoteLiteral } from "../postgres/session.ts";
import { sqlStateOf } from "../postgres/snapshot.ts";
import { isTransient } from "../retry.ts";
import type { SequenceValue } from "./fingerprint-model.ts";
import type { SessionPool } from "./session-pool.ts";

const listSequencesSql = `
  select n.nspname as schema, c.relname as sequence
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'S' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by n.nspname, c.relname`;

interface SequenceId {
  schema: string;
  sequence: string;
}

/** A round trip for each of thousands of sequences would cost seconds. */
const sequencesPerQuery = 200;

/**
 * Value and called flag of every sequence, as they are now: sequences stand outside every snapshot, for pg_dump as well,
 * so that the archive's own values are what the target must have (`compare-sequences.ts`).
 */
export async function readSequenceValues(pool: SessionPool): Promise<SequenceValue[]> {
  const ids = await pool.read("listing sequences", (session) => session.rows<SequenceId>(listSequencesSql));
  const values: SequenceValue[] = [];
  for (let start = 0; start < ids.length; start += sequencesPerQuery) {
    values.push(...(await readBatch(pool, ids.slice(start, start + sequencesPerQuery))));
  }
  return values;
}

/** One that cannot be read spoils the statement: then each is read for itself. */
async function readBatch(pool: SessionPool, ids: readonly SequenceId[]): Promise<SequenceValue[]> {
  try {
    return await pool.read("reading sequences", (session) => session.rows<SequenceValue>(valuesSql(ids)));
  } catch (error) {
    if (sqlStateOf(error) === undefined || isTransient(error)) throw error;
    const [first] = ids;
    if (ids.length === 1 && first !== undefined)
      return [{ ...first, lastValue: null, isCalled: null, unread: messageOf(error) }];
    const values: SequenceValue[] = [];
    for (const id of ids) values.push(...(await readBatch(pool, [id])));
    return values;
  }
}

function valuesSql(ids: readonly SequenceId[]): string {
  return ids
    .map(
      ({ schema, sequence }) =>
        `select ${quoteLiteral(schema)} as schema, ${quoteLiteral(sequence)} as sequence, last_value::text as "lastValue",
           is_called as "isCalled" from ${qualifiedName(schema, sequence)}`,
    )
    .join(" union all ");
}

import { formatCount, formatSeconds, plural } from "../../format.ts";
import { quoteLiteral } from "../../postgres/session.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import { readActivity } from "../catalog/activity.ts";
import { dataBytes, isTable, relationName } from "../catalog/relations.ts";
import { qualifiedName } from "../../postgres/session.ts";

interface ActiveSession {
  pid: number;
  user: string;
  application: string;
  detail: string;
}

const longTransactionsQuery = `
  select a.pid, coalesce(a.usename::text, '') as user, coalesce(a.application_name, '') as application,
         format('open for %s s', extract(epoch from clock_timestamp() - a.xact_start)::int) as detail
    from pg_stat_activity a
   where a.datname = current_database() and a.pid <> pg_backend_pid()
     and a.xact_start < clock_timestamp() - make_interval(secs => $1)
   order by a.xact_start`;

export const noLongTransactions: Check = {
  id: "long-transactions",
  title: "No transaction has been open for long",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const seconds = gate.limits.longTransactionSeconds;
    const rows = await gate.source.session.rows<ActiveSession>(longTransactionsQuery, [seconds]);
    return findingAbout("LONG_TRANSACTIONS", rows.map(sentence), (count) => ({
      message: `${plural(count, "transaction")} open for more than ${formatSeconds(seconds)}.`,
    }));
  },
};

function sentence({ pid, user, application, detail }: ActiveSession): string {
  return `process ${pid}, ${application || "no name"} as ${user || "unknown"}: ${detail}`;
}

const preparedQuery = `
  select gid as name, owner::text as owner, prepared::text as prepared
    from pg_prepared_xacts where database = current_database() order by prepared`;

export const noPreparedTransactions: Check = {
  id: "prepared-transactions",
  title: "No prepared transaction waits",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const rows = await gate.source.session.rows<{ name: string; owner: string; prepared: string }>(preparedQuery);
    const objects = rows.map(({ name, owner, prepared }) => `${name} of ${owner}, since ${prepared}`);
    const [first] = rows;
    return findingAbout("PREPARED_TRANSACTIONS", objects, (count) => ({
      message: `${plural(count, "prepared transaction")} ${count === 1 ? "waits" : "wait"} for an end.`,
      remedy: `Commit or roll each back, e.g. rollback prepared ${quoteLiteral(first?.name ?? "")};`,
    }));
  },
};

/** Reading needs ACCESS SHARE, which only ACCESS EXCLUSIVE refuses; one that waits stops those behind it as well. */
const locksQuery = `
  select l.pid, coalesce(a.usename::text, '') as user, coalesce(a.application_name, '') as application,
         format('%s %s', case when l.granted then 'holds' else 'waits for' end,
                string_agg(format('%s.%s', n.nspname, c.relname), ', ' order by c.relname)) as detail
    from pg_locks l
    join pg_class c on c.oid = l.relation
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_stat_activity a on a.pid = l.pid
   where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid <> pg_backend_pid()
     and l.database = (select oid from pg_database where datname = current_database())
     and c.relkind in ('r', 'p', 'm', 'S') and c.relnamespace = any($1)
   group by l.pid, l.granted, 2, 3
   order by 1`;

export const noConflictingLocks: Check = {
  id: "locks",
  title: "No lock would stop the dump",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { oids } = await gate.source.catalog.scope();
    const rows = await gate.source.session.rows<ActiveSession>(locksQuery, [oids]);
    return findingAbout("LOCKS_HELD", rows.map(sentence), (count) => ({
      message: `${plural(count, "session")} with an exclusive lock on tables that the dump reads.`,
    }));
  },
};

const maintenanceQuery = `
  select p.pid, coalesce(a.usename::text, '') as user, coalesce(a.application_name, '') as application, p.detail
    from (select pid, datname, command as detail from pg_stat_progress_cluster
          union all
          select pid, datname, command || ' (' || phase || ')' from pg_stat_progress_create_index) p
    left join pg_stat_activity a on a.pid = p.pid
   where p.datname = current_database()
  union
  select a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), left(a.query, 80)
    from pg_stat_activity a
   where a.datname = current_database() and a.state = 'active' and a.pid <> pg_backend_pid()
     and a.query ~* '^\\s*(alter|reindex|cluster|drop|truncate|create\\s+(unique\\s+)?index|vacuum\\s*\\(?\\s*full|refresh)\\M'
     and a.pid not in (select pid from pg_stat_progress_cluster union select pid from pg_stat_progress_create_index)
   order by 1`;

export const noMaintenanceRuns: Check = {
  id: "maintenance",
  title: "No maintenance or definition change is running",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog } = gate.source;
    if ((await catalog.server()).majorVersion < 12) return { findings: [], note: "progress views begin with 12" };
    const rows = await session.rows<ActiveSession>(maintenanceQuery);
    return findingAbout("MAINTENANCE_RUNNING", rows.map(sentence), (count) => ({
      message: `${plural(count, "session")} busy with maintenance or definitions.`,
    }));
  },
};

export const noWritesArrive: Check = {
  id: "writes",
  title: "Nothing was written during the gate",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, before } = gate.source;
    const now = await readActivity(session);
    const rows = now.rowsWritten - before.rowsWritten;
    const seconds = (now.at.getTime() - before.at.getTime()) / 1000;
    if (rows <= 0) return { findings: [], note: `watched for ${formatSeconds(seconds)}` };
    const message = `${formatCount(rows)} rows were written in ${formatSeconds(seconds)}.`;
    return [finding("WRITES_ARRIVING", { message, objects: [session.url.database] })];
  },
};

export const wraparoundIsFar: Check = {
  id: "wraparound",
  title: "Transaction-id wraparound is far",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { frozenIdAge, database } = await gate.source.catalog.server();
    const message = `The oldest transaction id of ${database} is ${formatCount(frozenIdAge)} old; the server stops near 2,147,000,000.`;
    if (frozenIdAge < gate.limits.wraparoundAge) return [];
    return [finding("WRAPAROUND_NEAR", { message, objects: [database] })];
  },
};

const checksumQuery = `
  select coalesce((to_jsonb(s) ->> 'checksum_failures')::int8, 0) from pg_stat_database s
   where s.datname = current_database()`;

export const noPageIsDamaged: Check = {
  id: "checksums",
  title: "No damaged page has been found",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session } = gate.source;
    const failures = await session.value<number>(checksumQuery);
    if (failures === 0) return [];
    const message = `The server has counted ${plural(failures, "damaged page")} in this database.`;
    return [finding("CHECKSUM_FAILURES", { message, objects: [session.url.database] })];
  },
};

const worthAnalysingBytes = 1e6;

export const statisticsExist: Check = {
  id: "statistics",
  title: "Tables have statistics",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const relations = await gate.source.catalog.relations();
    const unknown = relations.filter(
      (relation) => isTable(relation) && relation.estimatedRows < 0 && dataBytes(relation) >= worthAnalysingBytes,
    );
    return findingAbout("STATISTICS_MISSING", unknown.map(relationName), (count) => ({
      message: `${plural(count, "table")} of more than 1 MB without statistics.`,
      sql: unknown.map(({ schema, name }) => `analyze ${qualifiedName(schema, name)};`).join("\n"),
    }));
  },
};

const lockSlotsQuery = `
  select current_setting('max_locks_per_transaction')::int
         * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)`;

export const lockTableHasRoom: Check = {
  id: "lock-table",
  title: "The lock table has room for every table",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const slots = await gate.source.session.value<number>(lockSlotsQuery);
    const relations = (await gate.source.catalog.relations()).filter(({ kind }) => ["r", "p", "m", "S"].includes(kind));
    const indexes = relations.reduce((sum, { indexCount }) => sum + indexCount, 0);
    const message = `${plural(relations.length, "relation")} with ${plural(indexes, "index", "indexes")}, and room for ${formatCount(slots)} locks.`;
    const objects = [`max_locks_per_transaction × (max_connections + max_prepared_transactions) = ${slots}`];
    if (relations.length > slots) return [finding("LOCK_TABLE_TOO_SMALL", { message, objects })];
    if (relations.length + indexes > slots) return [finding("LOCK_TABLE_TIGHT", { message, objects })];
    return { findings: [], note: message };
  },
};

import type { Session } from "../../postgres/session.ts";
import type { Check, CheckAnswer } from "../check.ts";
import { finding } from "../check.ts";
import type { Gate } from "../gate.ts";
import { describeError } from "../../errors.ts";
import { quoteIdentifier } from "../../postgres/session.ts";

/** As many as show a balancer that spreads connections over two servers; the dump may open more. */
const witnesses = 3;

/** Needs more than one connection: what is asked is whether several see the same. */
export const snapshotIsShared: Check = {
  id: "shared-snapshot",
  title: "Several sessions can read one snapshot",
  area: "source",
  needs: ["source"],
  async run(gate) {
    await using holder = await gate.source.open();
    await holder.execute("begin isolation level repeatable read read only");
    const snapshot = await holder.value<string>("select pg_export_snapshot()");
    for (let count = 0; count < witnesses; count += 1) {
      await using witness = await gate.source.open();
      const problem = await joinSnapshot(witness, snapshot);
      if (problem === undefined) continue;
      const message = `A second session could not join the first one's snapshot: ${problem}`;
      return [finding("SNAPSHOT_NOT_SHARED", { message, objects: [gate.inputs.source.location] })];
    }
    return { findings: [], note: `tried with ${witnesses + 1} sessions` };
  },
};

/** What the server says against it; undefined when the session has joined. */
async function joinSnapshot(session: Session, snapshot: string): Promise<string | undefined> {
  try {
    await session.execute(
      `begin isolation level repeatable read read only; set transaction snapshot '${snapshot}'; select 1`,
    );
    return undefined;
  } catch (error) {
    if (session.isLost) throw error;
    return describeError(error);
  }
}

export const timeoutsAreLifted: Check = {
  id: "timeouts",
  title: "No timeout would end a long read",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { catalog } = gate.source;
    const settings = await catalog.settings();
    const set = settings.filter(({ name, value }) => timeoutNames.has(name) && value !== "0" && value !== null);
    if (set.length === 0) return [];
    const { user } = await catalog.server();
    return [
      finding("TIMEOUTS_SET", {
        message: `For new sessions of ${user}: ${set.map((setting) => `${setting.name} = ${setting.value} ${setting.unit ?? ""}`.trim()).join(", ")}.`,
        objects: set.map((setting) => `${setting.name} (set by ${setting.source})`),
        sql: set.map((setting) => timeoutSql(setting.name, setting.source, gate, user)).join("\n"),
      }),
    ];
  },
};

const timeoutNames = new Set([
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
  "transaction_timeout",
]);

/** A role's own setting is reset; one of database or server is overruled for this role in this database. */
function timeoutSql(name: string, source: string, gate: Gate, user: string): string {
  const role = quoteIdentifier(user);
  const database = quoteIdentifier(gate.inputs.source.database);
  if (source === "user") return `alter role ${role} reset ${name};`;
  return `alter role ${role} in database ${database} set ${name} = 0;`;
}

interface Headroom {
  maxConnections: number;
  reserved: number;
  used: number;
  roleLimit: number;
  roleUsed: number;
  databaseLimit: number;
  databaseUsed: number;
  isSuperuser: boolean;
}

/** The server hides the kind of other users' sessions from most users, but not whose they are. */
export function isClient(alias: string): string {
  return `coalesce(${alias}.backend_type, case when ${alias}.usesysid is not null then 'client backend' end) = 'client backend'`;
}

const headroomQuery = `
  select current_setting('max_connections')::int as "maxConnections",
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true), '0')::int as reserved,
         (select count(*)::int from pg_stat_activity a where ${isClient("a")}) as used,
         r.rolconnlimit as "roleLimit", r.rolsuper as "isSuperuser",
         (select count(*)::int from pg_stat_activity a where a.usesysid = r.oid and ${isClient("a")})
           as "roleUsed",
         d.datconnlimit as "databaseLimit",
         (select count(*)::int from pg_stat_activity a where a.datid = d.oid and ${isClient("a")})
           as "databaseUsed"
    from pg_roles r, pg_database d
   where r.rolname = current_user and d.datname = current_database()`;

/** Besides our own connection, which ends with the gate. */
export function freeConnections(headroom: Headroom): number {
  const limits = [headroom.maxConnections - headroom.reserved - headroom.used];
  if (headroom.roleLimit >= 0 && !headroom.isSuperuser) limits.push(headroom.roleLimit - headroom.roleUsed);
  if (headroom.databaseLimit >= 0 && !headroom.isSuperuser) limits.push(headroom.databaseLimit - headroom.databaseUsed);
  return Math.max(0, Math.min(...limits) + 1);
}

export async function readFreeConnections(session: Session): Promise<number> {
  return freeConnections(await session.row<Headroom>(headroomQuery));
}

/** One holds the snapshot, one is pg_dump's, one reads. */
const neededConnections = 3;

export const connectionsAreFree: Check = {
  id: "connection-headroom",
  title: "Enough connections are free at the source",
  area: "source",
  needs: ["source"],
  async run(gate): Promise<CheckAnswer> {
    const { session } = gate.source;
    const headroom = await session.row<Headroom>(headroomQuery);
    const free = freeConnections(headroom);
    const readers = gate.plan?.jobs ?? 1;
    const wanted = Math.max(typeof gate.inputs.jobs === "number" ? gate.inputs.jobs : readers, 1) + 2;
    if (free >= wanted) return { findings: [], note: `${free} free, ${wanted} wanted` };
    const details = {
      message: `${free} connections are free for ${session.url.user}, and the migration would use ${wanted}.`,
      objects: limitSentences(headroom),
      ...limitSql(headroom, session),
    };
    return [finding(free < neededConnections ? "CONNECTIONS_NONE_FREE" : "CONNECTIONS_FEW_FREE", details)];
  },
};

function limitSentences(headroom: Headroom): string[] {
  const sentences = [`server: ${headroom.used} of ${headroom.maxConnections} used, ${headroom.reserved} reserved`];
  if (headroom.roleLimit >= 0) sentences.push(`role: ${headroom.roleUsed} of ${headroom.roleLimit} used`);
  if (headroom.databaseLimit >= 0)
    sentences.push(`database: ${headroom.databaseUsed} of ${headroom.databaseLimit} used`);
  return sentences;
}

/** Limits of role and database can be lifted by a statement; the server's needs a restart. */
function limitSql(headroom: Headroom, session: Session): { sql?: string } {
  const statements: string[] = [];
  if (headroom.roleLimit >= 0) statements.push(`alter role ${quoteIdentifier(session.url.user)} connection limit -1;`);
  if (headroom.databaseLimit >= 0)
    statements.push(`alter database ${quoteIdentifier(session.url.database)} connection limit -1;`);
  return statements.length === 0 ? {} : { sql: statements.join("\n") };
}

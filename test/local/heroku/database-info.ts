import { dataTime } from "./answers.ts";
import { ownerUrl, withSession, type DatabaseConnection } from "./connection.ts";
import type { Plan } from "./plans.ts";
import { isAvailable, planOf, type Database, type World } from "./world.ts";

type Measured = { bytes: number; tables: number; connections: number; version: string };

type Line = { name: string; values: string[]; resolve_db_name?: true };

/**
 * What `GET /client/v11/databases/{id}` answers: numbers measured on the server, and `info`, lines made for people in
 * Heroku's wording. Essential databases answer a smaller set. A server that cannot be asked gives `unknown` and `?`.
 */
export async function describeDatabase(world: World, database: Database): Promise<Record<string, unknown>> {
  const connection = await database.connect();
  const measured = await measure(connection).catch(() => undefined);
  const plan = planOf(database);
  const lines = plan.tier === "essential" ? essentialLines : classicLines;
  const common = describeCommon(database, connection, measured);
  return {
    ...common,
    ...(plan.tier === "essential" ? { plan: database.addon.plan.split(":")[1] } : describeClassic(database, measured)),
    info: override(lines(database, plan, measured, world), database.info),
  };
}

function describeCommon(
  database: Database,
  connection: DatabaseConnection,
  measured: Measured | undefined,
): Record<string, unknown> {
  return {
    addon_id: database.addon.id,
    name: database.addon.name,
    created_at: dataTime(database.addon.createdAt),
    database_name: connection.database,
    database_user: connection.owner.user,
    resource_url: ownerUrl(connection),
    num_bytes: measured?.bytes ?? 0,
    following: database.following,
    "waiting?": !isAvailable(database),
  };
}

function describeClassic(database: Database, measured: Measured | undefined): Record<string, unknown> {
  return {
    plan: { id: 1, name: database.addon.plan.split(":")[1] },
    num_tables: measured?.tables ?? 0,
    num_connections: measured?.connections ?? 0,
    postgres_version: versionOf(database, measured) ?? null,
    leader: null,
    formation: { id: database.addon.id, primary: database.addon.id },
    "hot_standby?": database.following !== null,
    is_in_recovery: database.following !== null,
  };
}

function classicLines(database: Database, plan: Plan, measured: Measured | undefined, world: World): Line[] {
  const followers = world.addons.filter(
    ({ database: other }) => other?.following !== undefined && other.following === database.addon.url,
  );
  return [
    { name: "Plan", values: [plan.label] },
    { name: "Status", values: [database.status] },
    { name: "Data Size", values: [sizeText(plan, measured)] },
    { name: "Tables", values: [String(measured?.tables ?? "unknown")] },
    { name: "PG Version", values: [versionOf(database, measured) ?? "?"] },
    { name: "Connections", values: [connectionsText(plan, measured)] },
    { name: "Connection Pooling", values: ["Available"] },
    { name: "Credentials", values: ["1"] },
    { name: "Fork/Follow", values: ["Available"] },
    { name: "Rollback", values: [`earliest from ${minuteText(database.addon.createdAt)} UTC`] },
    { name: "Created", values: [minuteText(database.addon.createdAt)] },
    { name: "Region", values: ["us"] },
    { name: "Data Encryption", values: ["In Use"] },
    { name: "Continuous Protection", values: ["On"] },
    { name: "Maintenance", values: ["not required"] },
    { name: "Maintenance window", values: ["Thursdays 20:00 to 00:00 UTC"] },
    ...followingLines(database),
    { name: "Followers", values: followers.map(({ url }) => url), resolve_db_name: true },
  ];
}

function followingLines(database: Database): Line[] {
  if (database.following === null) return [];
  return [{ name: "Following", values: [database.following], resolve_db_name: true }];
}

function essentialLines(database: Database, plan: Plan, measured: Measured | undefined): Line[] {
  return [
    { name: "Plan", values: [plan.label] },
    { name: "Status", values: [database.status] },
    { name: "Connections", values: [connectionsText(plan, measured)] },
    { name: "PG Version", values: [versionOf(database, measured) ?? "?"] },
    { name: "Created", values: [minuteText(database.addon.createdAt)] },
    { name: "Data Size", values: [sizeText(plan, measured)] },
    { name: "Tables", values: [`${measured?.tables ?? "unknown"}/${plan.tables}`] },
    { name: "Fork/Follow", values: ["Unsupported"] },
    { name: "Rollback", values: ["Unsupported"] },
    { name: "Continuous Protection", values: ["Off"] },
  ];
}

function override(lines: Line[], changes: Record<string, string[] | null>): Line[] {
  const changed = lines.map((line) => ({ ...line, values: changes[line.name] ?? line.values }));
  const added = Object.entries(changes)
    .filter(([name, values]) => values !== null && !lines.some((line) => line.name === name))
    .map(([name, values]) => ({ name, values: values! }));
  return [...changed.filter(({ name }) => changes[name] !== null), ...added];
}

function versionOf(database: Database, measured: Measured | undefined): string | undefined {
  return database.postgresVersion ?? measured?.version;
}

/** `7.72 MB / 1 GB (0.75%) (In compliance)`; the verdict only on Essential plans. */
function sizeText(plan: Plan, measured: Measured | undefined): string {
  const limit = bytesText(plan.storageBytes);
  if (measured === undefined) return `unknown usage / ${limit}`;
  const share = ((measured.bytes / plan.storageBytes) * 100).toFixed(2);
  const used = `${bytesText(measured.bytes)} / ${limit} (${share}%)`;
  if (plan.tier !== "essential") return used;
  return `${used} (${measured.bytes > plan.storageBytes ? "Not in compliance" : "In compliance"})`;
}

function connectionsText(plan: Plan, measured: Measured | undefined): string {
  return `${measured?.connections ?? "unknown"}/${plan.connections}`;
}

/** Binary units under decimal names, at most two decimals and no trailing zeros: `1 GB`, `7.72 MB`. */
function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** step).toFixed(2))} ${units[step]}`;
}

function minuteText(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}

async function measure(connection: DatabaseConnection): Promise<Measured> {
  return withSession(connection, connection.superuser, async (client) => {
    const { rows } = await client.query<Record<"bytes" | "tables" | "connections" | "version", string>>(measureQuery);
    const { bytes, tables, connections, version } = rows[0]!;
    return { bytes: Number(bytes), tables: Number(tables), connections: Number(connections), version };
  });
}

const measureQuery = `
select
  pg_database_size(current_database()) as "bytes",
  (select count(*) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
   where relkind in ('r', 'p') and nspname !~ '^pg_' and nspname <> 'information_schema') as "tables",
  (select count(*) from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend') as "connections",
  split_part(current_setting('server_version'), ' ', 1) as "version"`;

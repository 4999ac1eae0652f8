import { formatSeconds } from "../format.ts";
import type { Session } from "../postgres/session.ts";
import { readServerFacts } from "./catalog/server.ts";

/**
 * What the gate leaves for the migrate job: enough to tell whether the world is still the one that was looked at.
 * Plain data without a secret.
 */
export interface GateRecord {
  version: 1;
  /** ISO 8601. */
  finishedAt: string;
  verdict: "passed" | "warnings" | "blocked";
  accepted: string[];
  app: string;
  addonId: string | null;
  source: { fingerprint: string; majorVersion: number; sizeBytes: number } | null;
  target: { majorVersion: number; tableCount: number } | null;
  windowMinutes: number | null;
}

export interface GateNow {
  now: Date;
  gateMaxAgeHours: number;
  accepted: readonly string[];
  app: string;
  /** Input `confirm`; compared with the app. */
  confirm: string;
  addonId: string;
  source: { fingerprint: string; majorVersion: number; sizeBytes: number };
  target?: { majorVersion: number; tableCount: number };
  /** Heroku's transfers of the target that have not finished and are not this migration's own. */
  foreignTransfers: number;
}

/** How much a source may have grown before its plan no longer holds. */
const growthAllowed = 1.25;

/**
 * Why the gate's word no longer counts; empty when it does. Cheap: everything asked for here is read in a few queries
 * and one call to Heroku.
 */
export function staleReasons(record: GateRecord | undefined, present: GateNow): string[] {
  if (record === undefined) return ["the gate has left no record: run command: preflight first"];
  return [...reasonsOfTheGate(record, present), ...reasonsOfTheWorld(record, present)];
}

function reasonsOfTheGate(record: GateRecord, present: GateNow): string[] {
  const reasons: string[] = [];
  if (record.verdict === "blocked") reasons.push("the gate ended blocked");
  const ageSeconds = (present.now.getTime() - new Date(record.finishedAt).getTime()) / 1000;
  if (!(ageSeconds <= present.gateMaxAgeHours * 3600)) {
    reasons.push(`the gate is ${formatSeconds(ageSeconds)} old, gate-max-age-hours is ${present.gateMaxAgeHours}`);
  }
  const withdrawn = record.accepted.filter((code) => !present.accepted.includes(code));
  if (withdrawn.length > 0) reasons.push(`accept no longer names ${withdrawn.join(", ")}, which the gate relied on`);
  if (present.confirm !== present.app) reasons.push("confirm does not equal heroku-app");
  return reasons;
}

function reasonsOfTheWorld({ app, addonId, source, target }: GateRecord, present: GateNow): string[] {
  const reasons: string[] = [];
  if (app !== present.app) reasons.push(`the gate looked at the app ${app}, not ${present.app}`);
  if (addonId !== present.addonId) reasons.push("the gate looked at another target database");
  if (source?.fingerprint !== present.source.fingerprint) reasons.push("the gate looked at another source database");
  else if (source.majorVersion !== present.source.majorVersion) {
    reasons.push(`the source was PostgreSQL ${source.majorVersion} and is ${present.source.majorVersion}`);
  } else if (present.source.sizeBytes > source.sizeBytes * growthAllowed + 1e9) {
    reasons.push("the source has grown by more than a quarter since the gate");
  }
  if (present.foreignTransfers > 0) reasons.push("Heroku is working on another transfer of the target");
  if (target === null || present.target === undefined) return reasons;
  if (target.majorVersion !== present.target.majorVersion) {
    reasons.push(`the target was PostgreSQL ${target.majorVersion} and is ${present.target.majorVersion}`);
  }
  if (target.tableCount === 0 && present.target.tableCount > 0) {
    reasons.push(`the target was empty and now holds ${present.target.tableCount} tables`);
  }
  return reasons;
}

const fingerprintQuery = `
  select (select oid from pg_database where datname = current_database())::text || '/' || current_database() as database,
         md5(coalesce(string_agg(n.nspname || '.' || c.relname || ':' || c.oid, ',' order by c.oid), '')) as relations
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and c.oid in (select oid from pg_class where relkind in ('r', 'p') and oid >= 16384
                                                order by oid limit 50)`;

/**
 * Tells one database from another: the server's system identifier where it may be read, else the oids of its oldest
 * tables, which a copy of the database made by dump and restore does not share.
 */
export async function readSourceIdentity(
  session: Session,
): Promise<{ fingerprint: string; majorVersion: number; sizeBytes: number }> {
  const { systemIdentifier, majorVersion, sizeBytes } = await readServerFacts(session);
  const { database, relations } = await session.row<{ database: string; relations: string }>(fingerprintQuery);
  return { fingerprint: `${systemIdentifier ?? relations}/${database}`, majorVersion, sizeBytes };
}

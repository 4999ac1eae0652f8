import { applicationNameOf, sessionTag } from "../application-name.ts";
import type { LeftOut } from "../dump/edits.ts";
import type { GateDocument } from "../gate.ts";
import { findOrInstallClient } from "../postgres/install-client.ts";
import type { ClientPrograms } from "../postgres/client-programs.ts";
import { type Session, withSession } from "../postgres/session.ts";
import { readSourceIdentity } from "../preflight/recheck.ts";
import { withRetries } from "../retry.ts";
import type { Run } from "../run.ts";
import { resolveLeftOut } from "./left-out.ts";
import { type TableCounters, readCounters } from "../verify/drift.ts";

/** What the later stages must know of the source before its snapshot is taken. */
export interface SourceSide {
  majorVersion: number;
  sizeBytes: number;
  /** Tells this database from every other. */
  fingerprint: string;
  isStandby: boolean;
  client: ClientPrograms;
  leftOut: LeftOut;
  /** Connections that readers may take without crowding out the application. */
  connectionRoom: number;
  /** Read before the snapshot is taken, so that no write can fall between the two unseen. */
  counters: TableCounters;
  snapshotOptions: {
    applicationName: string;
    excludeSchemas: readonly string[];
    excludeExtensions: readonly string[];
    signal: AbortSignal;
  };
}

export async function openSourceSide(run: Run, gate: GateDocument): Promise<SourceSide> {
  const { runId } = run.platform;
  // Names of our own for this run, so that cleanup ends our sessions and nobody else's.
  const applicationName = applicationNameOf("snapshot", runId);
  const options = { applicationName: applicationNameOf("catalog", runId), signal: run.signal, side: "source" } as const;
  await run.state.set({ applicationName: sessionTag(runId) });
  const read = async (session: Session): Promise<SourceSide> => {
    const identity = await readSourceIdentity(session);
    const leftOut = await resolveLeftOut(session, gate.leaveOut);
    const client = await findOrInstallClient({
      sourceMajor: identity.majorVersion,
      targetMajor: gate.target?.majorVersion ?? identity.majorVersion,
      clientDirectory: run.inputs.postgresClientDir,
      install: run.inputs.installClient,
      log: run.log,
    });
    return {
      ...identity,
      isStandby: await session.value<boolean>("select pg_catalog.pg_is_in_recovery()"),
      client,
      leftOut,
      connectionRoom: await readConnectionRoom(session),
      counters: await readCounters(run.inputs.source, { signal: run.signal }),
      snapshotOptions: {
        applicationName,
        excludeSchemas: leftOut.schemas,
        excludeExtensions: leftOut.extensions,
        signal: run.signal,
      },
    };
  };
  return await withRetries(() => withSession(run.inputs.source, options, read), {
    what: "reading the source's catalog",
    signal: run.signal,
    log: run.log,
  });
}

/** Kept free for the application and for the database's administrator. */
const sparedConnections = 3;

const connectionRoomSql = `
  select least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'),
    nullif((select rolconnlimit from pg_catalog.pg_roles where rolname = current_user), -1),
    nullif((select datconnlimit from pg_catalog.pg_database where datname = current_database()), -1)
  )::int as room`;

async function readConnectionRoom(session: Session): Promise<number> {
  return Math.max(1, (await session.value<number>(connectionRoomSql)) - sparedConnections);
}

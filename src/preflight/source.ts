import { describeError, MigrationError } from "../errors.ts";
import type { Inputs } from "../inputs/inputs.ts";
import { retryPolicies, withRetries } from "../retry.ts";
import type { RedactedCsv } from "../report/settings-csv.ts";
import type { ConnectionRow } from "../report.ts";
import { readActivity } from "./catalog/activity.ts";
import { SourceCatalog } from "./catalog/source-catalog.ts";
import { listConnections } from "./connections.ts";
import type { Limits } from "./facts.ts";
import type { SourceSide } from "./gate.ts";
import { guardSession, openGuarded, openDirect } from "./guard.ts";
import { detectProvider, readServerMarkers } from "./providers/detect.ts";
import { readSettingsCsv } from "./settings-csv.ts";

/** The source as the gate began with it, and what had to be read before anything was set in its session. */
export interface OpenedSource extends SourceSide {
  settingsCsv: RedactedCsv | Error;
  connections: ConnectionRow[][];
}

/** @returns the error that keeps us out, since that is a finding too; throws only when the signal has fired */
export async function openSource(inputs: Inputs, limits: Limits, signal: AbortSignal): Promise<OpenedSource | Error> {
  try {
    return await withRetries(() => prepareSource(inputs, limits, signal), {
      what: "connecting to the source",
      policy: retryPolicies.contact,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    // What kept us out is the finding, not how often it was tried.
    const reason = error instanceof MigrationError && error.code === "GAVE_UP" ? error.cause : error;
    return reason instanceof Error ? reason : new MigrationError(describeError(reason));
  }
}

async function prepareSource(inputs: Inputs, limits: Limits, signal: AbortSignal): Promise<OpenedSource> {
  const url = inputs.source;
  const options = { limits, side: "source", signal } as const;
  const session = await openDirect(url, options);
  try {
    const settingsCsv = await readSettingsCsv(session).catch((error: unknown) => error as Error);
    await session.execute("set search_path = pg_catalog");
    const provider = detectProvider(inputs.provider, url.host, await readServerMarkers(session));
    const catalog = new SourceCatalog(session, provider.profile, inputs.excludeSchemas);
    await catalog.settings().catch(() => undefined);
    await guardSession(session, limits);
    return {
      session,
      provider,
      catalog,
      before: await readActivity(session),
      open: () => openGuarded(url, options),
      settingsCsv,
      connections: [await listConnections(session)],
    };
  } catch (error) {
    session.destroy();
    throw error;
  }
}

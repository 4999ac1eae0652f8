import { applicationNameOf } from "../application-name.ts";
import type { LeftOut } from "../dump/edits.ts";
import { findGate } from "../gate-recheck.ts";
import type { Parties } from "../parties.ts";
import { type Session, withSession } from "../postgres/session.ts";
import { detectProvider, readServerMarkers } from "../preflight/providers/detect.ts";
import type { Run } from "../run.ts";

/** The gate names schemas by patterns (`awsdms_*`); the archive's contents know only names. */
export async function resolveLeftOut(session: Session, leaveOut: LeftOut): Promise<LeftOut> {
  const schemas = await session.rows<{ name: string }>("select nspname as name from pg_catalog.pg_namespace");
  const patterns = leaveOut.schemas.map(patternOf);
  return {
    extensions: leaveOut.extensions,
    schemas: schemas.map(({ name }) => name).filter((name) => patterns.some((pattern) => pattern.test(name))),
  };
}

function patternOf(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll("*", ".*")}$`, "u");
}

/** What a migration of this source leaves behind: by its gate's word where there is one, else by the provider's profile. */
export async function readLeftOut(run: Run, parties: Parties): Promise<LeftOut> {
  const { source, bucket, provider, excludeSchemas, excludeExtensions } = run.inputs;
  const gate = bucket.bucket === "" ? undefined : await findGate(run, parties);
  const options = {
    applicationName: applicationNameOf("verify", run.platform.runId),
    signal: run.signal,
    side: "source",
  } as const;
  return await withSession(source, options, async (session) => {
    const own =
      gate?.leaveOut ?? detectProvider(provider, source.host, await readServerMarkers(session)).profile.leaveOut;
    return await resolveLeftOut(session, {
      extensions: [...own.extensions, ...excludeExtensions],
      schemas: [...own.schemas, ...excludeSchemas],
    });
  });
}

import { randomBytes } from "node:crypto";

/** Whom a runtime token speaks for: one job of one attempt of one run. */
export type TokenHolder = {
  /** The run's id in the results service; the same for every attempt. */
  runId: string;
  jobId: string;
  attempt: number;
};

/**
 * An unsigned JWT like the one that a job gets in ACTIONS_RUNTIME_TOKEN. The artifact client reads only the `scp`
 * claim and never checks the signature (@actions/artifact, src/internal/shared/util.ts).
 */
export function createRuntimeToken(holder: TokenHolder): string {
  const header = { typ: "JWT", alg: "RS256" };
  const claims = { scp: `Actions.Results:${holder.runId}:${holder.jobId}`, nbf: seconds(), exp: seconds() + 6 * 3600 };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  return `${encode(header)}.${encode(claims)}.${randomBytes(32).toString("base64url")}`;
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

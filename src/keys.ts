import type { TargetDatabase } from "./heroku/resolve-database.ts";
import type { Bucket } from "./storage/bucket.ts";

/** Where the things of one target's migration lie in the bucket. */
export interface Keys {
  /** Of everything below; ends with a slash. */
  folder: string;
  gate: string;
  journal: string;
  claim: string;
  archive: (runId: string) => string;
}

/** One folder per target database, so that two targets never meet. */
export function keysOf(bucket: Bucket, app: string, database: Pick<TargetDatabase, "addonName">): Keys {
  const folder = bucket.keyFor(`${app}/${database.addonName}/`);
  return {
    folder,
    gate: `${folder}gate.json`,
    journal: `${folder}journal.json`,
    claim: `${folder}claim.json`,
    archive: (runId) => `${folder}${runId}.dump`,
  };
}

import type { Run } from "../../src/run.ts";
import { verifyOptions } from "../../src/steps/verify.ts";
import { compareFingerprints } from "../../src/verify/compare.ts";
import { readFingerprint } from "../../src/verify/fingerprint.ts";
import { withOwnSnapshot } from "../../src/verify/verify.ts";

const connectionRoom = 20;

/**
 * What the verification of a target does: reads all of it as `verify` says, on as many sessions as it would, and compares
 * that with a source's fingerprint, here its own. Returns the rows read.
 */
export async function verifyTarget(run: Run): Promise<number> {
  const options = verifyOptions(run, connectionRoom, undefined);
  const fingerprint = await withOwnSnapshot(run.inputs.source, "target", options, (open) =>
    readFingerprint(open, options),
  );
  const { record } = compareFingerprints(fingerprint, fingerprint, options);
  if (record.outcome !== "match") throw new Error(`a database differs from itself: ${record.outcome}`);
  return record.rowsCompared;
}

import { randomUUID } from "node:crypto";
import { InterruptedError, MigrationError, describeError } from "./errors.ts";
import { keysOf } from "./keys.ts";
import type { Parties } from "./parties.ts";
import type { Run } from "./run.ts";
import type { Bucket, PutConditions, PutOutcome, StoredObject } from "./storage/bucket.ts";
import { sleep } from "./workers.ts";

interface ClaimDocument {
  version: 1;
  token: string;
  runId: string;
  runUrl?: string;
  /** ISO 8601; renewed while the run lives. */
  renewedAt: string;
}

/** A run that has not renewed its claim for this long is dead. */
const staleMs = 5 * 60_000;
const renewEveryMs = 60_000;
/** Where the store has no conditional writes, two runs that ask at the same moment have both written by then. */
const settleMs = 2000;

/** The sole right to fill this target, kept in the bucket while the migration runs. */
export class Claim implements AsyncDisposable {
  readonly #run: Run;
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;

  constructor(run: Run, bucket: Bucket, key: string, token: string) {
    this.#run = run;
    this.#bucket = bucket;
    this.#key = key;
    this.#token = token;
    this.#timer = setInterval(() => void this.#renew(), renewEveryMs);
    this.#timer.unref();
  }

  /**
   * Before what cannot be undone: whether the claim is still ours.
   *
   * @throws MigrationError that names the run which has taken it over
   */
  async assertHeld(): Promise<void> {
    const found = await this.#bucket.findObject(this.#key, { signal: this.#run.signal });
    const document = found === undefined ? undefined : parseClaim(found);
    if (document?.token !== this.#token) throw claimedBy(document);
  }

  /**
   * A renewal that fails is no reason to stop a migration: the claim is stale only after several. One that was taken over
   * is never renewed, because some stores accept conditional writes and ignore the condition.
   */
  async #renew(): Promise<void> {
    try {
      const found = await this.#bucket.findObject(this.#key, { signal: this.#run.signal });
      if (found === undefined || parseClaim(found)?.token !== this.#token) return clearInterval(this.#timer);
      const document = documentOf(this.#run, this.#token);
      const { outcome } = await put(this.#bucket, this.#key, document, { ifMatch: found.etag });
      if (outcome === "conditions-unsupported") await put(this.#bucket, this.#key, document, {});
    } catch (error) {
      this.#run.log.debug(`The claim could not be renewed: ${describeError(error)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    // A run that was interrupted leaves this to cleanup, which needs it.
    if (this.#run.signal.reason instanceof InterruptedError) return;
    try {
      await giveUpClaim(this.#bucket, this.#key, this.#token);
      await this.#run.state.clear("claim");
    } catch (error) {
      this.#run.log.warning(
        `The claim on the target could not be given up (${describeError(error)}): it ends by itself ${staleMs / 60_000} minutes after its last renewal.`,
      );
    }
  }
}

/** Removes the claim where it is still the one of this token. */
export async function giveUpClaim(bucket: Bucket, key: string, token: string): Promise<void> {
  const found = await bucket.findObject(key);
  if (found !== undefined && parseClaim(found)?.token === token) await bucket.deleteObject(key);
}

/**
 * Claims the target for this run. Two runs that ask at the same moment cannot both get it: the store decides, by a
 * conditional write; where a store has none, by who is found there afterwards. What an earlier attempt of the same run
 * left behind is taken over at once, because attempts follow each other.
 *
 * @throws MigrationError that names the run which holds it
 */
export async function claimTarget(run: Run, { bucket, database }: Parties): Promise<Claim> {
  const { claim: key } = keysOf(bucket, run.inputs.heroku.app, database);
  const held = await bucket.findObject(key, { signal: run.signal });
  if (held !== undefined) refuseLiveClaim(run, held);
  const token = randomUUID();
  await run.state.set({ claim: { key, token } });
  const condition: PutConditions = held === undefined ? { ifNoneMatch: "*" } : { ifMatch: held.etag };
  const outcome = await put(bucket, key, documentOf(run, token), condition);
  if (outcome.outcome === "conditions-unsupported") {
    await put(bucket, key, documentOf(run, token), {});
    await sleep(settleMs, run.signal);
  }
  const now = await bucket.findObject(key, { signal: run.signal });
  const document = now === undefined ? undefined : parseClaim(now);
  if (now !== undefined && document?.token === token) return new Claim(run, bucket, key, token);
  await run.state.clear("claim");
  throw claimedBy(document);
}

async function put(
  bucket: Bucket,
  key: string,
  document: ClaimDocument,
  conditions: PutConditions,
): Promise<PutOutcome> {
  return await bucket.putObject(key, Buffer.from(JSON.stringify(document)), {
    contentType: "application/json",
    ...conditions,
  });
}

function documentOf(run: Run, token: string): ClaimDocument {
  const { runId, runUrl } = run.platform;
  return { version: 1, token, runId, ...(runUrl === undefined ? {} : { runUrl }), renewedAt: new Date().toISOString() };
}

function parseClaim(object: StoredObject): ClaimDocument | undefined {
  try {
    const document = JSON.parse(object.content.toString("utf8")) as ClaimDocument | null;
    return typeof document?.token === "string" ? document : undefined;
  } catch {
    return undefined;
  }
}

function refuseLiveClaim(run: Run, object: StoredObject): void {
  const document = parseClaim(object);
  if (document === undefined || isEarlierAttempt(document.runId, run.platform.runId)) return;
  // The state file of a run that died here tells that nobody else holds it.
  if (document.token === run.state.current.claim?.token) return;
  const ageMs = Date.now() - Date.parse(document.renewedAt);
  if (ageMs < staleMs) throw claimedBy(document);
}

/** `8123456789-1` before `8123456789-2`: the platform starts an attempt when the one before is over. */
export function isEarlierAttempt(earlier: string, present: string): boolean {
  const [left, right] = [earlier, present].map((id) => /^(?<run>.+)-(?<attempt>\d+)$/u.exec(id)?.groups);
  if (left === undefined || right === undefined) return false;
  return left["run"] === right["run"] && Number(left["attempt"]) < Number(right["attempt"]);
}

function claimedBy(document: ClaimDocument | undefined): MigrationError {
  const who = document === undefined ? "another run" : `run ${document.runUrl ?? document.runId}`;
  return new MigrationError(`Another migration into this target is under way: ${who} holds it.`, {
    code: "TARGET_CLAIMED",
    hint: `Wait for it, or cancel it; a run that died gives the target free ${staleMs / 60_000} minutes after its last sign of life.`,
  });
}

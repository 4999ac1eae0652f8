import { randomUUID } from "node:crypto";
import { MigrationError } from "./errors.ts";
import { keysOf } from "./keys.ts";
import type { Parties } from "./parties.ts";
import type { Run } from "./run.ts";
import type { PutConditions, PutOutcome, StoredObject } from "./storage/bucket.ts";

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

/** The sole right to fill this target, kept in the bucket while the migration runs. */
export class Claim implements AsyncDisposable {
  readonly #run: Run;
  readonly #parties: Parties;
  readonly #key: string;
  readonly #token: string;
  #etag: string;
  readonly #timer: NodeJS.Timeout;

  constructor(run: Run, parties: Parties, key: string, token: string, etag: string) {
    this.#run = run;
    this.#parties = parties;
    this.#key = key;
    this.#token = token;
    this.#etag = etag;
    this.#timer = setInterval(() => void this.#renew(), renewEveryMs);
    this.#timer.unref();
  }

  /** A renewal that fails is no reason to stop a migration: the claim is stale only after several. */
  async #renew(): Promise<void> {
    const document = documentOf(this.#run, this.#token);
    const outcome = await put(this.#parties, this.#key, document, { ifMatch: this.#etag }).catch(() => undefined);
    if (outcome?.outcome === "stored") this.#etag = outcome.etag;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    // A run that was stopped keeps what cleanup needs; cleanup gives the claim up.
    if (this.#run.signal.aborted) return;
    await this.#parties.bucket.deleteObject(this.#key);
    await this.#run.state.clear("claim");
  }
}

/**
 * Claims the target for this run. Two runs that ask at the same moment cannot both get it: the store decides, by a
 * conditional write; where a store has none, by who is found there afterwards.
 *
 * @throws MigrationError that names the run which holds it
 */
export async function claimTarget(run: Run, parties: Parties): Promise<Claim> {
  const { claim: key } = keysOf(parties.bucket, run.inputs.heroku.app, parties.database);
  const token = randomUUID();
  const held = await parties.bucket.findObject(key, { signal: run.signal });
  if (held !== undefined) refuseLiveClaim(held);
  await run.state.set({ claim: { key, token } });
  const outcome = await put(
    parties,
    key,
    documentOf(run, token),
    held === undefined ? { ifNoneMatch: "*" } : { ifMatch: held.etag },
  );
  if (outcome.outcome === "conditions-unsupported") await put(parties, key, documentOf(run, token), {});
  const now = await parties.bucket.findObject(key, { signal: run.signal });
  if (now === undefined || parse(now)?.token !== token) {
    await run.state.clear("claim");
    throw claimedBy(now === undefined ? undefined : parse(now));
  }
  return new Claim(run, parties, key, token, now.etag);
}

async function put(
  { bucket }: Parties,
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

function parse(object: StoredObject): ClaimDocument | undefined {
  try {
    return JSON.parse(object.content.toString("utf8")) as ClaimDocument;
  } catch {
    return undefined;
  }
}

function refuseLiveClaim(object: StoredObject): void {
  const document = parse(object);
  const ageMs = document === undefined ? Infinity : Date.now() - Date.parse(document.renewedAt);
  if (ageMs < staleMs) throw claimedBy(document);
}

function claimedBy(document: ClaimDocument | undefined): MigrationError {
  const who = document === undefined ? "another run" : `run ${document.runUrl ?? document.runId}`;
  return new MigrationError(`Another migration into this target is under way: ${who} holds it.`, {
    code: "TARGET_CLAIMED",
    hint: `Wait for it, or cancel it; a run that died gives the target free ${staleMs / 60_000} minutes after its last sign of life.`,
  });
}

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import type { DatabaseUrl } from "../../src/postgres/database-url.ts";
import { Session } from "../../src/postgres/session.ts";
import { compareFingerprints } from "../../src/verify/compare.ts";
import { readFingerprint } from "../../src/verify/fingerprint.ts";
import type { Fingerprint } from "../../src/verify/fingerprint-model.ts";
import { reprintSource } from "../../src/verify/reprint.ts";
import { SessionPool } from "../../src/verify/session-pool.ts";
import { createDatabase } from "../local/postgres/databases.ts";
import { type ServerPair, createSource, databaseUrl, restoreInto, startPair } from "./migrated.ts";
import { listMutations } from "./mutations.ts";

const mutations = await listMutations();
const applicationName = "test mutations";
const { signal } = new AbortController();

/** What one session sees after `change`, which is rolled back when it closes. */
async function fingerprintAfter(url: DatabaseUrl, change: string): Promise<Fingerprint> {
  const open = async (): Promise<Session> => {
    const session = await Session.open(url, { applicationName });
    await session.execute(`begin; ${change}`);
    return session;
  };
  return await readFingerprint(open, { kind: "full", jobs: 1, signal });
}

describe("a database that was migrated from 16 to 18", () => {
  let pair: ServerPair;
  let source: Fingerprint;
  let target: DatabaseUrl;
  let targetDatabase: string;
  let found = 0;

  beforeAll(async () => {
    pair = await startPair(16, 18);
    const sourceDatabase = await createSource(pair.source, "oddities", "superuser-oddities");
    targetDatabase = await createDatabase(pair.target);
    await restoreInto(pair, sourceDatabase, targetDatabase);
    target = databaseUrl(pair.target, targetDatabase);
    const read = await fingerprintAfter(databaseUrl(pair.source, sourceDatabase), "");
    const untouched = await fingerprintAfter(target, "");
    await using pool = new SessionPool(() => Session.open(target, { applicationName }), { signal, log: silentLog });
    source = (await reprintSource(read, untouched, pool, 2)).source;
    expect(compareFingerprints(source, untouched).record).toMatchObject({
      outcome: "match",
      differences: [],
      unread: [],
    });
  });
  afterAll(async () => {
    console.log(`changes found: ${found} of ${mutations.length}`);
    await pair?.[Symbol.asyncDispose]();
  });

  test.each(mutations)("$object: $what is found and named", async ({ sql, undo, object, name, says }) => {
    const after = await fingerprintAfter(target, sql);
    if (undo !== undefined) await pair.target.query(targetDatabase, undo);
    const { record } = compareFingerprints(source, after);
    expect(record.outcome).toBe("mismatch");
    expect(record.differences).toContainEqual(
      expect.objectContaining({ object, name, detail: expect.stringContaining(says) as string }),
    );
    found += 1;
  });

  test("all of them, and they were at least 60", () => {
    expect(mutations.length).toBeGreaterThanOrEqual(60);
    expect(found).toBe(mutations.length);
  });

  test("nothing of it stayed", async () => {
    const { record } = compareFingerprints(source, await fingerprintAfter(target, ""));
    expect(record.differences).toEqual([]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Claim, claimTarget, isEarlierAttempt } from "../src/claim.ts";
import type { JournalDocument } from "../src/journal.ts";
import { type Parties, openParties } from "../src/parties.ts";
import type { Run } from "../src/run.ts";
import type { ChildEnd } from "./faults/child-run.ts";
import { type Scene, openScene } from "./faults/scene.ts";
import { execute } from "./local/demo/fill.ts";
import { type World, appName, startWorld } from "./local/world.ts";
import { openTestRun } from "./support/run.ts";

const journalKey = `migrate-to-heroku-postgres/${appName}/postgresql-curved-12345/journal.json`;

describe("a re-run", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(async () => {
    await scene?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await scene.reset();
  });

  const readJournal = async (): Promise<JournalDocument> =>
    JSON.parse((await scene.world.bucket.objects.read(journalKey)).toString("utf8")) as JournalDocument;
  const changeJournal = async (change: (journal: JournalDocument) => void): Promise<void> => {
    const journal = await readJournal();
    change(journal);
    await scene.world.bucket.objects.put(journalKey, JSON.stringify(journal));
  };
  const restores = (): number =>
    scene.world.heroku.state.transfers.filter(({ toType }) => toType === "pg_restore").length;
  const uploadedParts = (): number =>
    scene.world.bucket.requests.filter(({ operation }) => operation === "UploadPart").length;
  const failInRestore = async (): Promise<ChildEnd> => {
    scene.world.heroku.faults.restore = { failsAfterBytes: 1000 };
    const end = await scene.start("migrate", { runId: "700-1" }).finished;
    scene.world.heroku.faults.restore = {};
    expect(end.code, end.said).toBe(1);
    scene.world.bucket.clearRequests();
    return end;
  };
  const again = async (inputs: Record<string, string> = {}): Promise<ChildEnd> => {
    const end = await scene.start("migrate", { runId: "700-2", inputs }).finished;
    expect(end.code, end.said).toBe(0);
    expect(await scene.targetState()).toBe("complete");
    return end;
  };

  test("uses the proven archive of an unchanged source once more, from a journal without a secret", async () => {
    await failInRestore();
    const journal = JSON.stringify(await readJournal());
    for (const secret of scene.world.secrets) expect(journal).not.toContain(secret);
    expect(journal).not.toMatch(/X-Amz|postgres:\/\//u);
    const end = await again();
    expect(end.said).toContain("nothing was written since run 700-1: its proven archive is used");
    expect(uploadedParts()).toBe(0);
    expect(restores()).toBe(2);
  });

  test("follows a transfer that an earlier run began, and puts the app back as it was before that run", async () => {
    scene.world.heroku.faults.restore = { bytesPerSecond: 6_000_000 };
    const first = scene.start("migrate", { runId: "700-1" });
    await first.stage("restore");
    await new Promise((resolve) => setTimeout(resolve, 600));
    first.process.kill("SIGKILL");
    await first.finished;
    expect(scene.world.heroku.app(appName).maintenance).toBe(true);
    const end = await again();
    expect(end.said).toContain("it is followed, not started again");
    expect(restores()).toBe(1);
    const app = scene.world.heroku.app(appName);
    expect(app.maintenance).toBe(false);
    expect(app.formation.map(({ quantity }) => quantity)).toEqual([2, 1]);
  });

  test("backs up what has come into the target since a restore that succeeded, before another archive wipes it", async () => {
    const first = scene.start("migrate", { runId: "700-1" });
    await first.stage("verify");
    first.process.kill("SIGKILL");
    await first.finished;
    const { host, port, database, owner } = scene.world.connectTarget();
    const url = `postgres://${owner.user}:${owner.password}@${host}:${port}/${database}`;
    await execute(url, "create table came_later (n int); insert into came_later values (1)");
    await execute(
      scene.world.sourceUrl,
      "begin read write; create table written_since (n int); insert into written_since values (1); commit",
    );
    try {
      const end = await scene.start("migrate", { runId: "700-2", inputs: { "safety-backup": "always" } }).finished;
      expect(end.said).not.toContain("done by the earlier run, before its restore");
      expect(end.said).toMatch(/backup \d+ of the target's old content/u);
      const kinds = scene.world.heroku.state.transfers.map(({ toType }) => toType);
      expect(kinds.at(-1)).toBe("pg_restore");
      expect(kinds.at(-2)).not.toBe("pg_restore");
    } finally {
      await execute(scene.world.sourceUrl, "begin read write; drop table written_since; commit");
    }
  });

  test("that compares definitions alone is not verified: nothing is promoted, and the archive stays", async () => {
    const inputs = { verify: "schema", promote: "true" };
    const end = await scene.start("migrate", { runId: "700-1", inputs }).finished;
    expect(end.code, end.said).toBe(4);
    expect(end.said).toContain("No row was compared");
    expect(scene.world.bucket.objects.list().some(({ key }) => key.endsWith(".dump"))).toBe(true);
  });

  test("is refused where it would leave other things behind than the gate was told", async () => {
    await failInRestore();
    const end = await scene.start("migrate", { runId: "700-2", inputs: { "exclude-table-data": "public.photos" } })
      .finished;
    expect(end.code, end.said).toBe(2);
    expect(end.said).toContain("exclude-… inputs are not the ones that the gate was given");
    expect(restores()).toBe(1);
  });

  test("starts over and says why, where an input that shapes the archive has changed", async () => {
    await failInRestore();
    const end = await scene.start("migrate", { runId: "700-2", inputs: { compression: "none" } }).finished;
    expect(end.code, end.said).toBe(0);
    expect(end.said).toContain("inputs that shape the archive have changed");
  });

  test("starts over and says why, where the archive is older than its limit", async () => {
    await failInRestore();
    await changeJournal(({ archive }) => {
      if (archive !== undefined) archive.finishedAt = new Date(Date.now() - 100 * 3_600_000).toISOString();
    });
    expect((await again()).output).toContain("it is 100 hours old");
    expect(uploadedParts()).toBeGreaterThan(0);
    expect(scene.world.bucket.objects.list().filter(({ key }) => key.endsWith(".dump"))).toEqual([]);
  });

  test("starts over where the journal is damaged", async () => {
    await scene.world.bucket.objects.put(journalKey, '{"version":1,');
    await again();
  });

  test("carries the way back on over a run that failed in between", async () => {
    await failInRestore();
    const wayBack = (await readJournal()).restore?.wayBack;
    expect(wayBack).toContain("--rollback postgresql-curved-12345");
    await changeJournal(({ archive }) => {
      if (archive !== undefined) delete archive.proof;
    });
    scene.world.bucket.faults.add({
      operation: "UploadPart",
      times: Infinity,
      action: { status: 403, code: "AccessDenied" },
    });
    const second = await scene.start("migrate", { runId: "700-2" }).finished;
    scene.world.bucket.faults.clear();
    expect(second.code).toBe(1);
    expect(second.said).toContain(wayBack);
    expect((await readJournal()).restore?.wayBack).toBe(wayBack);
    const third = await scene.start("migrate", { runId: "700-3" }).finished;
    expect(third.code, third.said).toBe(0);
    expect(third.said).toContain("done by the earlier run");
  });

  test("backs the target up again where somebody has brought its old content back meanwhile", async () => {
    await failInRestore();
    const [target] = scene.world.heroku.state.transfers;
    const transfer = scene.world.heroku.addRunningTransfer("postgresql-curved-12345");
    Object.assign(transfer, { toName: target?.toName, finishedAt: new Date(), succeeded: true });
    const end = await again({ "safety-backup": "always" });
    expect(end.said).toContain("of the target's old content");
  });
});

describe.each(["aws", "gcs", "backblaze"] as const)("the claim on a target, in a bucket like %s's", (bucketProfile) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ bucketProfile });
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  interface Claimant extends AsyncDisposable {
    run: Run;
    parties: Parties;
    claim: () => Promise<Claim>;
  }
  const enter = async (runId: string): Promise<Claimant> => {
    const { run, ...rest } = await openTestRun({ ...world.inputs, command: "migrate", confirm: appName });
    run.platform.runId = runId;
    const parties = await openParties(run);
    return {
      run,
      parties,
      claim: () => claimTarget(run, parties),
      ...rest,
      [Symbol.asyncDispose]: rest[Symbol.asyncDispose],
    };
  };

  test("is given to one, and the other is told who holds it; it is free again afterwards", async () => {
    await using first = await enter("100-1");
    await using second = await enter("200-1");
    {
      await using held = await first.claim();
      await held.assertHeld();
      await expect(second.claim()).rejects.toMatchObject({
        code: "TARGET_CLAIMED",
        message: expect.stringContaining("100-1") as string,
      });
    }
    await using held = await second.claim();
    await held.assertHeld();
    expect(second.run.state.current.claim).toBeDefined();
  });

  test("of an earlier attempt or of a run that has been silent is taken over, and the old holder notices", async () => {
    await using first = await enter("100-1");
    await using second = await enter("100-2");
    await using old = await first.claim();
    {
      await using held = await second.claim();
      await held.assertHeld();
      await expect(old.assertHeld()).rejects.toMatchObject({
        code: "TARGET_CLAIMED",
        message: expect.stringContaining("100-2") as string,
      });
    }
    await using third = await enter("300-1");
    await using silent = await third.claim();
    const [object] = world.bucket.objects.list().filter(({ key }) => key.endsWith("claim.json"));
    const key = object?.key ?? "";
    const document = JSON.parse((await world.bucket.objects.read(key)).toString()) as { renewedAt: string };
    document.renewedAt = new Date(Date.now() - 6 * 60_000).toISOString();
    await world.bucket.objects.put(key, JSON.stringify(document));
    await using fourth = await enter("400-1");
    await using held = await fourth.claim();
    await held.assertHeld();
    await expect(silent.assertHeld()).rejects.toMatchObject({ code: "TARGET_CLAIMED" });
  });

  test("is not given to two that ask at the same moment, or one of them is stopped before it restores", async () => {
    await using first = await enter("500-1");
    await using second = await enter("600-1");
    const claims = await Promise.allSettled([first.claim(), second.claim()]);
    await using stack = new AsyncDisposableStack();
    const held = claims.flatMap((claim) => (claim.status === "fulfilled" ? [stack.use(claim.value)] : []));
    const checks = await Promise.allSettled(held.map((claim) => claim.assertHeld()));
    expect(checks.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

test.each([
  ["8123-1", "8123-2", true],
  ["8123-2", "8123-1", false],
  ["8123-1", "8123-1", false],
  ["8123-1", "8124-2", false],
  ["a-b-1", "a-b-10", true],
  ["local", "local", false],
])("attempt %s comes before %s: %s", (earlier, present, expected) => {
  expect(isEarlierAttempt(earlier, present)).toBe(expected);
});

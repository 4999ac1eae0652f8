import { setTimeout as sleep } from "node:timers/promises";
import type { FaultCase } from "../fault-case.ts";
import type { Scene } from "../scene.ts";

/** Parts that take their time keep the dump going while something is done to the source. */
export function slowUploads({ world }: Scene, stallMs = 1500): void {
  world.bucket.faults.add({ operation: "UploadPart", times: Infinity, action: { stallMs } });
}

/** Where standing still is what is tested. */
export const impatient = { inputs: { "stall-minutes": "0.05" } };

async function endSessions(scene: Scene, name: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const ended = await scene.world.source.query<{ count: number }>(
      scene.world.sourceDatabase,
      `select count(pg_terminate_backend(pid))::int as count from pg_stat_activity
       where application_name like 'migrate-to-heroku-postgres ${name} %'`,
    );
    if ((ended[0]?.count ?? 0) > 0) return;
    await sleep(10);
  }
  throw new Error(`there was never a session named ${name}`);
}

export const sourceFaults: FaultCase[] = [
  {
    area: "source",
    fault: "the first two connections are reset while they are made",
    arrange: ({ proxy }) => void (proxy.refuseNext = 2),
    expect: "recovered",
  },
  {
    area: "source",
    fault: "the source cannot be reached at all",
    arrange: ({ proxy }) => void (proxy.refuseNext = Infinity),
    expect: "failed",
    says: /source/u,
    target: "untouched",
  },
  {
    area: "source",
    fault: "the password is wrong",
    options: { inputs: { "source-database-url": "postgres://shop_owner:wrong@127.0.0.1:PORT/shop" } },
    expect: "failed",
    says: /password/u,
    target: "untouched",
  },
  {
    area: "source",
    fault: "a reader is ended by pg_terminate_backend in the dump",
    arrange: (scene) => slowUploads(scene, 500),
    during: async (scene, run) => {
      await run.stage("dump");
      await endSessions(scene, "reader");
    },
    expect: "recovered",
  },
  {
    area: "source",
    fault: "the snapshot's holder is ended in the dump",
    arrange: (scene) => slowUploads(scene),
    during: async (scene, run) => {
      await run.stage("dump");
      await endSessions(scene, "snapshot");
    },
    expect: "failed",
    says: /snapshot was lost|no longer of one moment/u,
    target: "untouched",
  },
  {
    area: "source",
    fault: "every connection is reset in the dump",
    arrange: (scene) => slowUploads(scene),
    during: async ({ proxy }, run) => {
      await run.stage("dump");
      await sleep(300);
      proxy.reset();
    },
    expect: "failed",
    says: /snapshot|source/u,
    target: "untouched",
  },
  {
    area: "source",
    fault: "every connection is reset in the proof",
    arrange: ({ world }) =>
      void world.bucket.faults.add({
        operation: "GetObject",
        keyPrefix: "example-app",
        nth: 4,
        action: { stallMs: 800 },
      }),
    during: async ({ proxy }, run) => {
      await run.stage("proof");
      proxy.reset();
    },
    expect: "failed",
    says: /snapshot|source|connection/iu,
    target: "any",
  },
  {
    area: "source",
    fault: "every connection is reset while Heroku restores",
    arrange: ({ world }) => void (world.heroku.faults.restore = { bytesPerSecond: 10_000_000 }),
    during: async ({ proxy }, run) => {
      await run.stage("restore");
      proxy.reset();
    },
    expect: "unverified",
    says: /Not everything could be compared/u,
    target: "any",
  },
  {
    area: "source",
    fault: "every connection is reset in the verification",
    during: async ({ proxy }, run) => {
      await run.stage("verify");
      proxy.reset();
    },
    expect: "recovered",
  },
  {
    area: "source",
    fault: "the server restarts in the dump",
    arrange: (scene) => slowUploads(scene),
    during: async ({ world }, run) => {
      await run.stage("dump");
      await sleep(300);
      await world.source.restart();
    },
    expect: "failed",
    says: /snapshot|source/u,
    target: "untouched",
  },
  {
    area: "source",
    fault: "the server crashes and recovers while Heroku restores",
    arrange: ({ world }) => void (world.heroku.faults.restore = { bytesPerSecond: 6_000_000 }),
    during: async ({ world }, run) => {
      await run.stage("restore");
      await world.source.restart({ crash: true });
    },
    expect: "unverified",
    says: /Not everything could be compared/u,
    target: "any",
    // A crash resets the counters that would tell that nothing was written since.
    restores: 2,
  },
  {
    area: "source",
    fault: "the source is slow (4 MB/s)",
    arrange: ({ proxy }) => {
      proxy.bytesPerSecond = 4_000_000;
      proxy.mode = "slow";
    },
    expect: "recovered",
  },
  {
    area: "source",
    fault: "every connection stalls in the dump, for ever",
    options: impatient,
    arrange: (scene) => slowUploads(scene, 300),
    during: async ({ proxy }, run) => {
      await run.stage("dump");
      proxy.stall();
    },
    expect: "failed",
    says: /no progress for 3.*On the source/su,
    target: "untouched",
    between: ({ proxy }) => proxy.open(),
  },
  {
    area: "source",
    fault: "the network swallows everything in the dump, new connections too",
    options: impatient,
    arrange: (scene) => slowUploads(scene, 300),
    during: async ({ proxy }, run) => {
      await run.stage("dump");
      proxy.mode = "black-hole";
      setTimeout(() => proxy.open(), 14_000).unref();
    },
    expect: "failed",
    says: /no progress for 3/u,
    target: "untouched",
  },
  {
    area: "source",
    fault: "somebody holds an exclusive lock on a table, for ever",
    options: impatient,
    arrange: async (scene) => {
      const { world } = scene;
      void world.source
        .query(world.sourceDatabase, "begin; lock table orders in access exclusive mode; select pg_sleep(60)")
        .catch(() => undefined);
      await sleep(300);
    },
    expect: "failed",
    says: /no progress for 3.*blocked .*by process \d+ \(test superuser/su,
    target: "untouched",
    between: async ({ world }) => {
      await world.source.query(
        "postgres",
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
      );
    },
  },
  {
    area: "source",
    fault: "rows are written after a failure in the restore: the next run dumps anew and says why",
    arrange: ({ world }) =>
      void (world.heroku.faults.restore = { failsAfterBytes: 1000, failureLog: ["pg_restore: error: x"] }),
    expect: "failed",
    says: /restore/u,
    target: "any",
    restores: 2,
    between: async (scene) => scene.sql("insert into customers values (100000, 'late@example.com')"),
    inspect: async (scene, { second }) => {
      await scene.sql("delete from customers where id = 100000");
      return second?.said.includes("the source was written to since")
        ? []
        : ["the second run does not say why it dumps anew"];
    },
  },
];

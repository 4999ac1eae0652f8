import type { FaultCase } from "../fault-case.ts";

export const runnerFaults: FaultCase[] = [
  {
    area: "runner",
    fault: "the disk is full: no file may grow",
    options: { before: "ulimit -f 0; trap '' XFSZ" },
    expect: "failed",
    says: /cannot be written|EFBIG|ENOSPC|space/u,
    target: "untouched",
  },
  {
    area: "runner",
    fault: "RUNNER_TEMP does not exist and cannot be made",
    options: { temp: "/dev/null/temp" },
    expect: "failed",
    says: /cannot be made.*RUNNER_TEMP must be a folder/su,
    target: "untouched",
  },
  {
    area: "runner",
    fault: "a second migration of the same target begins",
    during: async (scene, run) => {
      await run.stage("dump");
      const other = await scene.start("migrate").finished;
      if (other.code !== 1 || !other.said.includes("Another migration into this target is under way"))
        throw new Error(`the second one ended ${other.code}: ${other.said.slice(-300)}`);
    },
    arrange: ({ world }) =>
      void world.bucket.faults.add({ operation: "UploadPart", times: Infinity, action: { stallMs: 1500 } }),
    expect: "recovered",
  },
];

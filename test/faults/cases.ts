import { bucketFaults } from "./cases/bucket.ts";
import { herokuFaults } from "./cases/heroku.ts";
import { interruptions } from "./cases/interruptions.ts";
import { runnerFaults } from "./cases/runner.ts";
import { sourceFaults } from "./cases/source.ts";
import type { FaultCase } from "./fault-case.ts";

export const faultCases: readonly FaultCase[] = [
  ...sourceFaults,
  ...bucketFaults,
  ...herokuFaults,
  ...runnerFaults,
  ...interruptions,
];

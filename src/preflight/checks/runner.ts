import { formatBytes, formatSeconds, listNames } from "../../format.ts";
import type { Check } from "../check.ts";
import { couldNotCheckCode, finding, findingAbout } from "../check.ts";
import { findCode } from "../codes.ts";
import { readTargetMajor } from "./versions.ts";

export const clientFits: Check = {
  id: "client",
  title: "A PostgreSQL client of a fitting major is there",
  area: "runner",
  needs: ["source", "target-version"],
  async run(gate) {
    const source = (await gate.source.catalog.server()).majorVersion;
    const target = await readTargetMajor(gate);
    const { client, canInstallClient } = gate.runner;
    if (client !== undefined && client.major >= source && client.major <= target) {
      return { findings: [], note: `PostgreSQL client ${client.version}` };
    }
    if (client === undefined && canInstallClient) {
      return { findings: [], note: `the client of major ${target} will be installed` };
    }
    const found = client === undefined ? "none was found" : `the one found is ${client.version}`;
    return [
      finding("CLIENT_MISSING", {
        message: `A client of major ${source === target ? target : `${source} to ${target}`} is needed; ${found}.`,
        remedy: `Install postgresql-client-${target}, or name the folder that holds ${target}/bin/pg_dump with postgres-client-dir.`,
      }),
    ];
  },
};

export const memoryIsEnough: Check = {
  id: "memory",
  title: "The runner has the memory that the plan needs",
  area: "runner",
  needs: ["source"],
  run(gate) {
    const needed = gate.requirePlan().memoryBytes;
    const { availableMemoryBytes } = gate.runner;
    const message = `The plan needs ${formatBytes(needed)}, the runner has ${formatBytes(availableMemoryBytes)} free.`;
    if (availableMemoryBytes >= needed) return { findings: [], note: message };
    return [finding("MEMORY_SHORT", { message })];
  },
};

/** GitHub ends a hosted job after six hours. */
const hostedLimitMinutes = 360;
const puttingBackMinutes = 10;

export const timeIsEnough: Check = {
  id: "time",
  title: "The plan fits the deadline, and the deadline the job",
  area: "runner",
  needs: ["source"],
  run(gate) {
    const { deadlineMinutes } = gate.inputs;
    const { kind, jobLimitMinutes } = gate.runner;
    const minutes = gate.requirePlan().windowMinutes;
    const limit = Math.min(jobLimitMinutes ?? Infinity, kind === "github" ? hostedLimitMinutes : Infinity);
    const findings = [];
    if (minutes > Math.min(deadlineMinutes, limit)) {
      const message = `The plan takes ${formatSeconds(minutes * 60)}, the deadline is after ${formatSeconds(deadlineMinutes * 60)}${limit === Infinity ? "" : ` and the job ends after ${formatSeconds(limit * 60)}`}.`;
      findings.push(finding("TIME_OVER_DEADLINE", { message }));
    }
    if (deadlineMinutes > limit - puttingBackMinutes) {
      const message = `deadline-minutes is ${deadlineMinutes}, the job ends after ${limit} minutes.`;
      findings.push(finding("DEADLINE_OVER_JOB_LIMIT", { message }));
    }
    return { findings, note: `${formatSeconds(minutes * 60)} planned` };
  },
};

export const urlLivesLongEnough: Check = {
  id: "url-lifetime",
  title: "The backup URL and the bucket's credentials outlive the restore",
  area: "bucket",
  needs: ["source", "bucket"],
  run(gate) {
    const plan = gate.requirePlan();
    const windowSeconds = plan.windowMinutes * 60;
    const expireAt = gate.bucket.credentialsExpireAt;
    const left = expireAt === undefined ? Infinity : (new Date(expireAt).getTime() - gate.now().getTime()) / 1000;
    if (left < windowSeconds) {
      const message = `The credentials expire in ${formatSeconds(Math.max(0, left))}, the plan takes ${formatSeconds(windowSeconds)}.`;
      return [finding("CREDENTIALS_EXPIRE_EARLY", { message })];
    }
    const message = `The URL lives ${formatSeconds(plan.urlLifetimeSeconds)}, the plan takes ${formatSeconds(windowSeconds)}.`;
    if (gate.bucket.hasTemporaryCredentials === true && expireAt === undefined) {
      const unknown = `The credentials are temporary and do not say when they end; the plan takes ${formatSeconds(windowSeconds)}.`;
      return [finding("CREDENTIALS_END_UNKNOWN", { message: unknown })];
    }
    if (plan.urlLifetimeSeconds < windowSeconds) return [finding("URL_LIFE_TOO_SHORT", { message })];
    return { findings: [], note: message };
  },
};

/** @param ids of every check, whose could-not-check codes may be accepted as well */
export function acceptedCodesExist(ids: () => readonly string[]): Check {
  return {
    id: "accept",
    title: "Every accepted code exists",
    area: "runner",
    needs: [],
    run(gate) {
      const known = ids().map((id) => couldNotCheckCode({ id }));
      const unknown = gate.inputs.accept.filter((code) => findCode(code) === undefined && !known.includes(code));
      return findingAbout("ACCEPTS_UNKNOWN_CODE", unknown, () => ({
        message: `accept names ${listNames(unknown)}, which no check reports.`,
      }));
    },
  };
}

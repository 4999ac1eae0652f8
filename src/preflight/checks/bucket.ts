import { isIP } from "node:net";
import { plural } from "../../format.ts";
import { isLoopback } from "../../postgres/database-url.ts";
import type { Finding } from "../../report.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import type { FindingCode } from "../codes.ts";
import type { ProbeStepName } from "../../storage/probe.ts";
import type { BucketProbe } from "../facts.ts";

/** A store without conditional writes is fine: the step only finds out. */
const codeByStep: Readonly<Record<Exclude<ProbeStepName, "conditional-put">, FindingCode>> = {
  put: "BUCKET_WRITE_FAILED",
  presign: "BUCKET_URL_FAILED",
  "plain-get": "BUCKET_URL_FAILED",
  "ranged-get": "BUCKET_URL_FAILED",
  multipart: "BUCKET_MULTIPART_FAILED",
  abort: "BUCKET_MULTIPART_FAILED",
  delete: "BUCKET_DELETE_FAILED",
};

export const bucketWorks: Check = {
  id: "bucket",
  title: "The bucket takes uploads and its presigned URL answers as Heroku needs it",
  area: "bucket",
  needs: [],
  run(gate) {
    const { endpoint, bucket } = gate.inputs.bucket;
    if (/\.blob\.core\.[a-z.]+$/u.test(hostOf(endpoint))) {
      return [finding("BUCKET_NOT_S3", { message: `${hostOf(endpoint)} is Azure Blob Storage.`, objects: [bucket] })];
    }
    const problem = gate.bucketProblem;
    if (problem !== undefined) {
      const advice = problem.hint === undefined ? {} : { remedy: problem.hint };
      return [finding("BUCKET_UNREACHABLE", { message: problem.reason, objects: [bucket], ...advice })];
    }
    const findings = [...failedSteps(gate.bucket, bucket), ...skewedClock(gate.bucket)];
    return { findings, note: `${plural(gate.bucket.steps.length, "step")} tried on ${gate.bucket.endpointHost}` };
  },
};

function hostOf(endpoint: string | undefined): string {
  return endpoint === undefined ? "" : (URL.parse(endpoint)?.hostname ?? "");
}

function failedSteps(probe: BucketProbe, bucket: string): Finding[] {
  return probe.steps.flatMap(({ name, ok, error }) => {
    if (ok || name === "conditional-put") return [];
    const message = `${name}: ${error?.message ?? "failed without a reason"}`;
    const advice = error?.hint === undefined ? {} : { remedy: error.hint };
    return [finding(codeByStep[name], { message, objects: [bucket], ...advice })];
  });
}

/** S3 refuses signatures that are a quarter of an hour off. */
const skewAllowedSeconds = 300;

function skewedClock({ clockSkewSeconds }: BucketProbe): Finding[] {
  if (clockSkewSeconds === undefined || Math.abs(clockSkewSeconds) <= skewAllowedSeconds) return [];
  const message = `The store's clock is ${Math.round(clockSkewSeconds)} s off the runner's.`;
  return [finding("BUCKET_CLOCK_DIFFERS", { message })];
}

/** Heroku's own addresses in tests are loopback too; then the bucket may be. */
export const bucketIsPublic: Check = {
  id: "bucket-address",
  title: "Heroku can reach the bucket's address",
  area: "bucket",
  needs: ["bucket"],
  run(gate) {
    const { endpointHost, isHttps } = gate.bucket;
    if (isLoopback(URL.parse(gate.inputs.heroku.dataUrl)?.hostname ?? "")) return [];
    const host = endpointHost.replace(/:\d+$/u, "");
    const reasons = [isPrivateHost(host) && `${host} is a private address`, !isHttps && "it is not HTTPS"].filter(
      (reason) => reason !== false,
    );
    return findingAbout("BUCKET_URL_PRIVATE", reasons, () => ({
      message: `Heroku could not fetch the archive: ${reasons.join("; ")}.`,
    }));
  },
};

/** RFC 1918, RFC 6598, link-local, loopback and unique local addresses, and names without a dot. */
const privateAddress =
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe80:|::1$)/iu;

function isPrivateHost(host: string): boolean {
  if (isIP(host) !== 0) return privateAddress.test(host);
  return isLoopback(host) || !host.includes(".") || /\.(local|internal|lan)$/u.test(host);
}

export const noUploadsAreLeft: Check = {
  id: "bucket-leftovers",
  title: "No incomplete upload of an earlier run is in the bucket",
  area: "bucket",
  needs: ["bucket"],
  run(gate) {
    const uploads = gate.bucket.leftoverUploads ?? [];
    const objects = uploads.map(({ key, startedAt }) => `${key}, since ${startedAt}`);
    return findingAbout("BUCKET_LEFTOVER_UPLOADS", objects, (count) => ({
      message: `${plural(count, "incomplete upload")} under ${gate.inputs.bucket.prefix}.`,
    }));
  },
};

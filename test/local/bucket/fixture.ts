import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Bucket, type BucketOptions, startBucket } from "./bucket.ts";

/** Credentials that open nothing but a local bucket. */
export const KEYS = {
  accessKeyId: "AKIALOCALBUCKET00001",
  secretAccessKey: "local/bucket+secret00000000000000000001",
};

export const BUCKET = "migrations";

/** A bucket with the usual name and keys. */
export function startTestBucket(options: Partial<BucketOptions> = {}): Promise<Bucket> {
  return startBucket({ bucket: BUCKET, ...KEYS, ...options });
}

const ignore = (): void => {};
/** The refusals that tests ask for would fill their output. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The real SDK's client, set as every client of a store that is not AWS should be; never retries. */
export function createClient(bucket: Pick<Bucket, "endpoint">, config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: bucket.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: KEYS,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    logger: SILENT,
    ...config,
  });
}

export const MIB = 1024 * 1024;

/** Random bytes, so that no part equals another. */
export function createContent(bytes: number): Buffer {
  return randomBytes(bytes);
}

export interface SentPart {
  PartNumber: number;
  ETag: string;
}

/** Creates an upload and sends parts, numbered from 1 where no numbers are given. */
export async function sendParts(
  client: S3Client,
  Key: string,
  contents: readonly (Buffer | string)[],
  numbers: readonly number[] = contents.map((_, index) => index + 1),
): Promise<{ UploadId: string; parts: SentPart[] }> {
  const { UploadId = "" } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  const parts: SentPart[] = [];
  for (const [index, Body] of contents.entries()) {
    const PartNumber = numbers[index] ?? 0;
    const command = new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber, Body });
    const { ETag = "" } = await client.send(command);
    parts.push({ PartNumber, ETag });
  }
  return { UploadId, parts };
}

export function complete(client: S3Client, Key: string, UploadId: string, parts: readonly SentPart[]) {
  const MultipartUpload = { Parts: [...parts] };
  return client.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId, MultipartUpload }));
}

/** The S3 code and status of what a command was refused with. */
export async function findRefusal(promise: Promise<unknown>): Promise<{ code: string; status: number | undefined }> {
  try {
    await promise;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return { code: name, status: $metadata?.httpStatusCode };
  }
  return { code: "none", status: undefined };
}

/** The code in an XML error. */
export async function readCode(response: Response): Promise<string | undefined> {
  return /<Code>(.*?)<\/Code>/.exec(await response.text())?.[1];
}

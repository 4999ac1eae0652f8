import { MigrationError } from "../errors.ts";
import { formatSeconds } from "../format.ts";
import { Secret } from "../secret.ts";
import type { Bucket } from "./bucket.ts";
import { storageError } from "./storage-error.ts";

/** Seven days: what signature version 4 allows (S3, "Sharing objects with presigned URLs"). */
export const longestUrlSeconds = 7 * 24 * 3600;

/**
 * A URL that lets whoever has it fetch one object for a while, as Heroku will.
 *
 * @throws MigrationError where temporary credentials, and with them the URL, are known to end earlier
 */
export async function presignGet(bucket: Bucket, key: string, expiresInSeconds: number): Promise<Secret> {
  const expiresIn = Math.min(longestUrlSeconds, Math.ceil(expiresInSeconds));
  await refuseShortCredentials(bucket, expiresIn);
  const s3 = await bucket.connection.client();
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
  const command = new GetObjectCommand({ Bucket: bucket.name, Key: key });
  try {
    const signingDate = new Date(Date.now() + s3.config.systemClockOffset);
    return new Secret(await getSignedUrl(s3, command, { expiresIn, signingDate }));
  } catch (error) {
    const { host } = bucket.location;
    throw storageError(error, {
      operation: "GetObject",
      what: `sign a URL of ${key}`,
      bucket: bucket.name,
      host,
      secrets: [],
    });
  }
}

async function refuseShortCredentials(bucket: Bucket, expiresInSeconds: number): Promise<void> {
  const expiresAt = await bucket.credentialsExpireAt();
  if (expiresAt === undefined) return;
  const leftSeconds = (expiresAt.getTime() - Date.now()) / 1000;
  if (leftSeconds >= expiresInSeconds) return;
  const left = leftSeconds > 0 ? `in ${formatSeconds(leftSeconds)}` : "already";
  throw new MigrationError(
    `The bucket's temporary credentials end ${left}, but Heroku needs the archive's URL for ${formatSeconds(expiresInSeconds)}.`,
    {
      code: "BUCKET_CREDENTIALS_SHORT",
      hint: "A presigned URL ends with the credentials that signed it: ask for a longer session (role-duration-seconds, up to 12 h), or use a long-lived key.",
    },
  );
}

import type { S3 } from "@aws-sdk/client-s3";
import type { BucketInputs } from "../inputs/inputs.ts";
import { Secret } from "../secret.ts";
import type { BucketLocation } from "./stores.ts";

/** A store that takes no connection or moves no byte for this long is tried again. */
const connectionTimeoutMs = 10_000;
const idleTimeoutMs = 60_000;

export interface S3Credentials {
  accessKeyId: Secret;
  secretAccessKey: Secret;
  sessionToken: Secret | undefined;
  /** Known only where the SDK's own chain found the credentials. */
  expiresAt: Date | undefined;
}

/**
 * The SDK is large: it is loaded by the first run that needs it, not at start-up.
 * It tries once (retrying is ours), adds no checksum of its own (Google refuses them at Complete, UpCloud at once; parts carry Content-MD5,
 * which all stores verify) and does not wait for `100 Continue` (a round trip per part).
 */
export async function connectS3(inputs: BucketInputs, location: BucketLocation): Promise<S3> {
  const sdk = await import("@aws-sdk/client-s3");
  const { credentials } = inputs;
  return new sdk.S3({
    region: location.region,
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint }),
    forcePathStyle: location.addressing === "path",
    ignoreConfiguredEndpointUrls: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: connectionTimeoutMs, socketTimeout: idleTimeoutMs },
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId.reveal(),
            secretAccessKey: credentials.secretAccessKey.reveal(),
            ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken.reveal() }),
          },
        }),
  });
}

/** Whatever the client signs with, given or found by the SDK's chain (environment, OIDC, profile, instance). */
export async function readCredentials(s3: S3): Promise<S3Credentials> {
  const identity = await s3.config.credentials();
  return {
    accessKeyId: new Secret(identity.accessKeyId),
    secretAccessKey: new Secret(identity.secretAccessKey),
    sessionToken: identity.sessionToken === undefined ? undefined : new Secret(identity.sessionToken),
    expiresAt: identity.expiration,
  };
}

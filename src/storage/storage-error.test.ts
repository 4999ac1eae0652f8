import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isTransient } from "../retry.ts";
import { Secret } from "../secret.ts";
import { type StorageCall, storageCode, storageError } from "./storage-error.ts";

const keyId = "AKIAEXAMPLE000000001";
const secret = "s3cr3t/with+signs";
const call: StorageCall = {
  operation: "UploadPart",
  what: "upload part 7 of dumps/a.dump",
  bucket: "acme",
  host: "s3.example.com",
  secrets: [new Secret(keyId), new Secret(secret)],
};

function sdkError(name: string, status: number | undefined, extra: object = {}): Error {
  const error = new Error(`${name} happened to ${keyId}`);
  error.name = name;
  const $metadata = status === undefined ? {} : { httpStatusCode: status };
  return Object.assign(error, { Code: name, $metadata, AWSAccessKeyId: keyId, StringToSign: secret }, extra);
}

describe("storageError", () => {
  test("says what was done, where, and what went wrong", () => {
    const error = storageError(sdkError("AccessDenied", 403), call);
    expect(error.message).toBe(
      "Could not upload part 7 of dumps/a.dump in bucket acme at s3.example.com: the access key may not do this (AccessDenied).",
    );
    expect(error.hint).toContain("Allow s3:PutObject on the bucket acme");
    expect(error.code).toBe("BUCKET_ACCESS_DENIED");
  });

  test("names the region that the store named", () => {
    const malformed = storageError(sdkError("AuthorizationHeaderMalformed", 400, { Region: "eu-central-1" }), call);
    expect(malformed.hint).toBe("Set s3-region to eu-central-1.");
    const $response = { headers: { "x-amz-bucket-region": "ap-south-1" } };
    const redirected = storageError(sdkError("Unknown", 301, { Code: undefined, $response }), call);
    expect(redirected.hint).toBe("Set s3-region to ap-south-1.");
  });

  test.each([
    ["NoSuchBucket", 404, "BUCKET_NO_SUCH_BUCKET"],
    ["InvalidAccessKeyId", 403, "BUCKET_INVALID_ACCESS_KEY_ID"],
    ["SignatureDoesNotMatch", 403, "BUCKET_SIGNATURE_DOES_NOT_MATCH"],
    ["ExpiredToken", 400, "BUCKET_EXPIRED_TOKEN"],
    ["RequestTimeTooSkewed", 403, "BUCKET_REQUEST_TIME_TOO_SKEWED"],
    ["InvalidPart", 400, "BUCKET_INVALID_PART"],
    ["CredentialsProviderError", undefined, "BUCKET_CREDENTIALS_PROVIDER_ERROR"],
  ])("%s is not tried again and has a hint of its own", (name, status, code) => {
    const error = storageError(sdkError(name, status), call);
    expect(error.code).toBe(code);
    expect(error.hint).not.toContain("Check bucket, s3-endpoint, s3-region and the access key.");
    expect(isTransient(error)).toBe(false);
  });

  test.each([
    ["SlowDown", 503],
    ["InternalError", 500],
    ["RequestTimeout", 400],
    ["BadDigest", 400],
    ["OperationAborted", 409],
    ["TimeoutError", undefined],
  ])("%s (%s) is tried again", (name, status) => {
    expect(isTransient(storageError(sdkError(name, status), call))).toBe(true);
  });

  test("a clock that the SDK has corrected is worth another try", () => {
    const $metadata = { httpStatusCode: 403, clockSkewCorrected: true };
    expect(isTransient(storageError(sdkError("RequestTimeTooSkewed", 403, { $metadata }), call))).toBe(true);
  });

  test("a HEAD's answer has no code but its status", () => {
    expect(storageCode(sdkError("NotFound", 404, { Code: undefined }))).toBe("NoSuchKey");
    expect(storageCode(sdkError("403", 403, { Code: undefined }))).toBe("AccessDenied");
  });

  test("a network error keeps its errno", () => {
    const error = storageError(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), call);
    expect(isTransient(error)).toBe(true);
    expect(storageCode(error)).toBe("ECONNRESET");
  });

  test("carries neither key nor what was signed, however it is printed", () => {
    const signed = sdkError("SignatureDoesNotMatch", 403, { cause: new Error(`deep ${secret}`) });
    const error = storageError(signed, call);
    const printed = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack].join("\n");
    expect(printed).not.toContain(keyId);
    expect(printed).not.toContain(secret);
    expect(printed).toContain("deep ***");
  });
});

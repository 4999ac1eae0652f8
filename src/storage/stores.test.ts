import { describe, expect, test } from "vitest";
import type { BucketInputs } from "../inputs/inputs.ts";
import { locateBucket } from "./stores.ts";

function inputs(changes: Partial<BucketInputs>): BucketInputs {
  return {
    bucket: "acme",
    prefix: "",
    endpoint: undefined,
    region: "us-east-1",
    credentials: undefined,
    addressing: "auto",
    keepArchive: false,
    ...changes,
  };
}

describe("locateBucket", () => {
  test.each([
    [undefined, "eu-west-1", "virtual-host", "eu-west-1"],
    ["https://s3.eu-west-1.amazonaws.com", "us-east-1", "virtual-host", "eu-west-1"],
    ["https://storage.googleapis.com", "us-east-1", "path", "auto"],
    ["https://us-ord-1.linodeobjects.com", "us-ord-1", "virtual-host", "us-ord-1"],
    ["https://abc12.upcloudobjects.com", "europe-1", "path", "europe-1"],
    ["https://nyc3.digitaloceanspaces.com", "us-east-1", "virtual-host", "us-east-1"],
    ["https://ewr1.vultrobjects.com", "us-east-1", "virtual-host", "us-east-1"],
    ["https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", "us-east-1", "path", "auto"],
    ["https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com", "us-east-1", "path", "auto"],
    ["https://s3.us-west-002.backblazeb2.com", "us-east-1", "virtual-host", "us-west-002"],
    ["https://minio.example.com:9000", "us-east-1", "path", "us-east-1"],
    ["http://127.0.0.1:9000", "us-east-1", "path", "us-east-1"],
  ] as const)("%s with region %s is addressed by %s and signed for %s", (endpoint, region, addressing, signed) => {
    const location = locateBucket(inputs({ endpoint, region }));
    expect(location).toMatchObject({ addressing, region: signed, endpoint });
  });

  test("the user's addressing wins", () => {
    expect(locateBucket(inputs({ addressing: "path" })).addressing).toBe("path");
    const endpoint = "https://minio.example.com";
    expect(locateBucket(inputs({ endpoint, addressing: "virtual-host" })).addressing).toBe("virtual-host");
  });

  test.each([
    ["https://acme.nyc3.digitaloceanspaces.com", "https://nyc3.digitaloceanspaces.com"],
    ["https://acme.s3.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com"],
    ["https://acme.storage.googleapis.com", "https://storage.googleapis.com"],
    ["https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/acme", "r2.cloudflarestorage.com;"],
    ["https://minio.example.com/acme", "https://minio.example.com;"],
    ["https://other.ewr1.vultrobjects.com", "https://ewr1.vultrobjects.com"],
  ])("refuses %s and says to write %s", (endpoint, right) => {
    expect(() => locateBucket(inputs({ endpoint }))).toThrow(
      expect.objectContaining({ code: "BUCKET_ENDPOINT", hint: expect.stringContaining(right) }),
    );
  });

  test("refuses a region that the endpoint contradicts", () => {
    const wrong = inputs({ endpoint: "https://s3.us-west-002.backblazeb2.com", region: "eu-central-003" });
    expect(() => locateBucket(wrong)).toThrow("s3-region is eu-central-003, but the endpoint");
  });

  test("a host of one's own may begin with the bucket's name", () => {
    expect(locateBucket(inputs({ endpoint: "https://acme.example.com" })).host).toBe("acme.example.com");
  });
});

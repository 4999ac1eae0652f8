import { MigrationError } from "../errors.ts";
import type { BucketInputs } from "../inputs/inputs.ts";

/** Where a bucket lives, once the endpoint has been understood. */
export interface BucketLocation {
  /** As a person calls it: `Amazon S3`, `Cloudflare R2`, or the endpoint's host. */
  storeName: string;
  /** Undefined: Amazon's own. */
  endpoint: string | undefined;
  host: string;
  region: string;
  addressing: "path" | "virtual-host";
}

interface Store {
  name: string;
  domain: string;
  /** A right endpoint's host; `region` is captured where signing needs the very region that the host names. */
  host: RegExp;
  /** How a right endpoint looks, for the message. */
  example: string;
  addressing: "path" | "virtual-host";
  /** Signs with this whatever was given: the store has no regions of its own. */
  region?: string;
}

/** From the vendors' pages on their S3 interface; where both styles work, the path needs no wildcard DNS. */
const stores: readonly Store[] = [
  {
    name: "Amazon S3",
    domain: "amazonaws.com",
    host: /^s3(?:[.-](?:dualstack\.)?(?<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com$/u,
    example: "https://s3.eu-west-1.amazonaws.com, or none at all",
    addressing: "virtual-host",
  },
  {
    name: "Google Cloud Storage",
    domain: "storage.googleapis.com",
    host: /^storage\.googleapis\.com$/u,
    example: "https://storage.googleapis.com",
    addressing: "path",
    region: "auto",
  },
  {
    name: "Akamai (Linode) Object Storage",
    domain: "linodeobjects.com",
    host: /^[a-z0-9-]+\.linodeobjects\.com$/u,
    example: "https://us-ord-1.linodeobjects.com",
    addressing: "virtual-host",
  },
  {
    name: "UpCloud Object Storage",
    domain: "upcloudobjects.com",
    host: /^[a-z0-9-]+\.upcloudobjects\.com$/u,
    example: "https://SERVICE.upcloudobjects.com",
    addressing: "path",
  },
  {
    name: "DigitalOcean Spaces",
    domain: "digitaloceanspaces.com",
    host: /^[a-z0-9-]+\.digitaloceanspaces\.com$/u,
    example: "https://nyc3.digitaloceanspaces.com",
    addressing: "virtual-host",
  },
  {
    name: "Vultr Object Storage",
    domain: "vultrobjects.com",
    host: /^[a-z0-9-]+\.vultrobjects\.com$/u,
    example: "https://ewr1.vultrobjects.com",
    addressing: "virtual-host",
  },
  {
    name: "Cloudflare R2",
    domain: "r2.cloudflarestorage.com",
    host: /^[0-9a-f]{32}(?:\.(?:eu|fedramp))?\.r2\.cloudflarestorage\.com$/u,
    example: "https://ACCOUNT.r2.cloudflarestorage.com",
    addressing: "path",
    region: "auto",
  },
  {
    name: "Backblaze B2",
    domain: "backblazeb2.com",
    host: /^s3\.(?<region>[a-z0-9-]+)\.backblazeb2\.com$/u,
    example: "https://s3.us-west-002.backblazeb2.com",
    addressing: "virtual-host",
  },
];

/** What `s3-region` is when nobody gave one. */
const defaultRegion = "us-east-1";

/** @throws MigrationError where the endpoint carries the bucket's name, a path, or contradicts the region */
export function locateBucket(inputs: BucketInputs): BucketLocation {
  if (inputs.endpoint === undefined) return locateAtAmazon(inputs);
  const url = new URL(inputs.endpoint);
  refusePath(url, inputs);
  const store = stores.find(({ domain }) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));
  const match = store?.host.exec(url.hostname);
  if (store !== undefined && !match) throw wrongEndpoint(store, url, inputs);
  return {
    storeName: store?.name ?? url.host,
    endpoint: url.origin,
    host: url.host,
    region: store?.region ?? agreedRegion(inputs.region, match?.groups?.["region"], url.host),
    addressing: chosenAddressing(inputs) ?? store?.addressing ?? "path",
  };
}

function locateAtAmazon(inputs: BucketInputs): BucketLocation {
  return {
    storeName: "Amazon S3",
    endpoint: undefined,
    host: `s3.${inputs.region}.amazonaws.com`,
    region: inputs.region,
    addressing: chosenAddressing(inputs) ?? "virtual-host",
  };
}

function chosenAddressing(inputs: BucketInputs): "path" | "virtual-host" | undefined {
  return inputs.addressing === "auto" ? undefined : inputs.addressing;
}

function agreedRegion(given: string, named: string | undefined, host: string): string {
  if (named === undefined || named === given) return given;
  if (given === defaultRegion) return named;
  throw new MigrationError(`s3-region is ${given}, but the endpoint ${host} is in ${named}.`, {
    code: "BUCKET_REGION",
    hint: `Set s3-region to ${named}, or take the endpoint of ${given}.`,
  });
}

function refusePath(url: URL, inputs: BucketInputs): void {
  if (url.pathname === "/") return;
  throw new MigrationError(`s3-endpoint has a path after its host ${url.host}.`, {
    code: "BUCKET_ENDPOINT",
    hint: `Set s3-endpoint to ${url.origin}; the bucket's name goes into the input bucket (now ${inputs.bucket}).`,
  });
}

function wrongEndpoint(store: Store, url: URL, inputs: BucketInputs): MigrationError {
  const hasBucket = url.hostname.startsWith(`${inputs.bucket}.`);
  const problem = hasBucket ? "has the bucket's name in it" : "is not the host of an endpoint there";
  const right = hasBucket ? `${url.protocol}//${url.host.slice(inputs.bucket.length + 1)}` : store.example;
  return new MigrationError(`s3-endpoint ${problem}: ${url.host} (${store.name}).`, {
    code: "BUCKET_ENDPOINT",
    hint: `Set s3-endpoint to ${right}; the bucket's name goes into the input bucket alone.`,
  });
}

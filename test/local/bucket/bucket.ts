import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { answerRequest, type Front } from "./answering.ts";
import { answerControl, CONTROL_PATH, type Controlled } from "./control.ts";
import { accessObjects, type BucketObjects } from "./bucket-objects.ts";
import { createContents, type Storage } from "./contents.ts";
import { type BucketCredentials, Keyring } from "./credentials.ts";
import type { BucketState } from "./exchange.ts";
import { Faults } from "./faults.ts";
import { type Profile, type ProfileName, PROFILES } from "./profiles.ts";
import { type BucketStats, type RecordedRequest, Recording } from "./recording.ts";

export interface BucketOptions extends BucketCredentials {
  /** The bucket's name; there is only one. */
  bucket: string;
  /** Which store's rules to follow; "aws" where absent. */
  profile?: ProfileName | undefined;
  /** Single rules of the profile changed, for instance `minPartBytes`, or `addressing` to allow one style only. */
  rules?: Partial<Profile> | undefined;
  /** "us-east-1" where absent. */
  region?: string | undefined;
  /** "memory" where absent. */
  storage?: Storage | undefined;
  /** A free port where absent. */
  port?: number | undefined;
  /** Whether to compute the MD5 of every body; without it ETags are random, as those of encrypted objects. On where absent. */
  md5?: boolean | undefined;
  /** Whether to keep the SHA-256 of every body. Off where absent. */
  sha256?: boolean | undefined;
  /** Whether to hash bodies to compare them with a signed payload hash or a Content-MD5. On where absent. */
  verifyPayload?: boolean | undefined;
  /** Whether `/_control` answers: faults and counts over HTTP, for a bucket in another process. Off where absent. */
  control?: boolean | undefined;
  /** The bucket's clock, in milliseconds since 1970; Date.now where absent. */
  now?: (() => number) | undefined;
}

/** A multipart upload that was neither completed nor aborted. */
export interface IncompleteUpload {
  key: string;
  uploadId: string;
  initiatedAtMs: number;
  parts: { partNumber: number; bytes: number; etag: string; sha256: string | undefined }[];
}

export interface Bucket extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, for path style. */
  endpoint: string;
  /** `http://localhost:PORT`, for virtual-host style: the client then asks `<bucket>.localhost` (see `localhostAgent`). */
  virtualHostEndpoint: string;
  port: number;
  profile: Profile;
  /** In the order of arrival; grows as requests come in. */
  requests: readonly RecordedRequest[];
  clearRequests(): void;
  stats: Readonly<BucketStats>;
  objects: BucketObjects;
  uploads(): IncompleteUpload[];
  faults: Faults;
  /** The keys known, to add others, end their life or change what they may do. */
  keyring: Keyring;
  close(): Promise<void>;
}

/** Starts a bucket on the loopback address. */
export async function startBucket(options: BucketOptions): Promise<Bucket> {
  const state = await createState(options);
  const closing = new AbortController();
  const front: Front = { bucket: state, faults: new Faults(), recording: new Recording(), closing: closing.signal };
  const objects = accessObjects(state);
  const uploads = () => listUploads(state);
  const control = options.control ? { ...front, list: () => objects.list(), uploads } : undefined;
  const underWay = new Set<Promise<void>>();
  const server = await listen(createAnswer(front, control, underWay), options.port ?? 0).catch(
    async (error: unknown) => {
      await state.contents[Symbol.asyncDispose]();
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    closing.abort();
    await stopListening(server);
    await Promise.allSettled(underWay);
    await state.contents[Symbol.asyncDispose]();
  };
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    virtualHostEndpoint: `http://localhost:${port}`,
    port,
    profile: state.profile,
    requests: front.recording.requests,
    clearRequests: () => front.recording.clear(),
    stats: front.recording.stats,
    objects,
    uploads,
    faults: front.faults,
    keyring: state.keyring,
    close,
    [Symbol.asyncDispose]: close,
  };
}

type AnswerRequest = (incoming: IncomingMessage, outgoing: ServerResponse, isBodyAwaited: boolean) => void;

function createAnswer(front: Front, control: Controlled | undefined, underWay: Set<Promise<void>>): AnswerRequest {
  return (incoming, outgoing, isBodyAwaited) => {
    const isControl = control !== undefined && incoming.url?.startsWith(CONTROL_PATH) === true;
    const turn = isControl
      ? answerControl(control, incoming, outgoing)
      : answerRequest(front, incoming, outgoing, isBodyAwaited);
    underWay.add(turn);
    void turn.finally(() => underWay.delete(turn));
  };
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

async function createState(options: BucketOptions): Promise<BucketState> {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs, access, deny } = options;
  const keyring = new Keyring();
  keyring.add({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs, access, deny });
  return {
    name: options.bucket,
    region: options.region ?? "us-east-1",
    profile: { ...PROFILES[options.profile ?? "aws"], ...options.rules },
    keyring,
    contents: await createContents(options.storage ?? "memory"),
    objects: new Map(),
    uploads: new Map(),
    ended: new Map(),
    computesMd5: options.md5 ?? true,
    computesSha256: options.sha256 ?? false,
    verifiesPayload: options.verifyPayload ?? true,
    now: options.now ?? Date.now,
  };
}

async function listen(answer: AnswerRequest, port: number): Promise<Server> {
  // A part may take longer than any limit that would be sensible elsewhere.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
  server.on("request", (incoming, outgoing) => answer(incoming, outgoing, false));
  server.on("checkContinue", (incoming, outgoing) => answer(incoming, outgoing, true));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function listUploads({ uploads }: BucketState): IncompleteUpload[] {
  return [...uploads.values()].map(({ key, uploadId, initiatedAtMs, parts }) => ({
    key,
    uploadId,
    initiatedAtMs,
    parts: [...parts.values()]
      .map(({ partNumber, bytes, etag, sha256 }) => ({ partNumber, bytes, etag, sha256 }))
      .sort((left, right) => left.partNumber - right.partNumber),
  }));
}

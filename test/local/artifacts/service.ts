import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import path from "node:path";
import { json } from "node:stream/consumers";
import { answerBlob } from "./blobs.ts";
import { type Fault, FaultPlan } from "./faults.ts";
import { type Artifact, ArtifactStore, digest } from "./store.ts";
import { createRuntimeToken, type TokenHolder } from "./token.ts";
import { answerCall, type MethodName, methodNames, type RequestFields } from "./twirp.ts";
import { unzip } from "./unzip.ts";

const twirpPrefix = "/twirp/github.actions.results.api.v1.ArtifactService/";

/** A finished artifact as GitHub would list it. Sizes are of the uploaded bytes. */
export type ArtifactRecord = TokenHolder & {
  id: number;
  name: string;
  sizeBytes: number;
  /** `sha256:<hex>` of the uploaded bytes. */
  digest: string;
  mimeType: string;
  zipped: boolean;
  expiresAt: string | undefined;
};

export type ArtifactService = AsyncDisposable & {
  /** What a job gets as ACTIONS_RESULTS_URL. */
  readonly url: string;
  /** `METHOD path` of every request so far, without queries. */
  readonly requests: readonly string[];
  issueToken(holder: TokenHolder): string;
  list(): ArtifactRecord[];
  /** Files of the newest artifact of that name: path inside it → bytes. A raw artifact is one file of its own name. */
  read(name: string): Promise<Map<string, Buffer>>;
  /** Writes every artifact under the folder, zipped ones as a folder of their name; returns the files' paths. */
  saveTo(directory: string): Promise<string[]>;
  inject(fault: Fault): void;
  heal(): void;
};

/** Starts a results service on a free port of 127.0.0.1 that the real `@actions/artifact` client can talk to. */
export async function startArtifactService(): Promise<ArtifactService> {
  const store = new ArtifactStore();
  const faults = new FaultPlan();
  const tokens = new Map<string, TokenHolder>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split("?")[0]}`);
    route({ store, faults, tokens }, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const url = await listen(server);
  return {
    url,
    requests,
    issueToken: (holder) => issueToken(tokens, holder),
    list: () => store.list().map(describe),
    read: (name) => readArtifact(store, name),
    saveTo: (directory) => saveArtifacts(store, directory),
    inject: (fault) => faults.inject(fault),
    heal: () => faults.heal(),
    [Symbol.asyncDispose]: () => close(server),
  };
}

type Service = { store: ArtifactStore; faults: FaultPlan; tokens: Map<string, TokenHolder> };

async function route(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
  if (!url.pathname.startsWith(twirpPrefix)) {
    if (service.faults.strike(request.method === "GET" ? "download" : "upload", response)) return;
    return answerBlob(service.store, request, response, url);
  }
  const method = url.pathname.slice(twirpPrefix.length) as MethodName;
  if (!methodNames.includes(method)) return send(response, 404, { code: "bad_route", msg: "no such method" });
  if (service.faults.strike(method, response)) return;
  const holder = service.tokens.get(String(request.headers.authorization).replace(/^Bearer /, ""));
  if (!holder) return send(response, 401, { code: "unauthenticated", msg: "unknown token" });
  const fields = (await json(request)) as RequestFields;
  const { status, body } = answerCall(method, { store: service.store, holder, fields, origin: url.origin });
  return send(response, status, body);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function issueToken(tokens: Map<string, TokenHolder>, holder: TokenHolder): string {
  const token = createRuntimeToken(holder);
  tokens.set(token, holder);
  return token;
}

function describe(artifact: Artifact): ArtifactRecord {
  const { id, name, runId, jobId, attempt, mimeType, expiresAt } = artifact;
  const content = artifact.content ?? Buffer.alloc(0);
  const record = { id, name, runId, jobId, attempt, mimeType, expiresAt };
  return { ...record, sizeBytes: content.length, digest: digest(content), zipped: isZipped(artifact) };
}

function isZipped(artifact: Artifact): boolean {
  return artifact.contentType === "application/zip";
}

async function readArtifact(store: ArtifactStore, name: string): Promise<Map<string, Buffer>> {
  const artifact = store.list().findLast((candidate) => candidate.name === name);
  if (!artifact) throw new Error(`no artifact is named ${JSON.stringify(name)}`);
  return readFiles(artifact);
}

async function readFiles(artifact: Artifact): Promise<Map<string, Buffer>> {
  const content = artifact.content ?? Buffer.alloc(0);
  return isZipped(artifact) ? unzip(content) : new Map([[artifact.name, content]]);
}

async function saveArtifacts(store: ArtifactStore, directory: string): Promise<string[]> {
  const saved: string[] = [];
  for (const artifact of store.list()) {
    const folder = isZipped(artifact) ? path.join(directory, artifact.name) : directory;
    for (const [name, bytes] of await readFiles(artifact)) {
      const target = path.resolve(folder, name);
      if (!target.startsWith(path.resolve(folder) + path.sep)) throw new Error(`${name} leaves the artifact's folder`);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, bytes);
      saved.push(target);
    }
  }
  return saved;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

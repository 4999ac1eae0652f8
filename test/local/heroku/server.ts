import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Refusal, unauthorized, unknownEndpoint, type Answer } from "./answers.ts";
import { BackupStore } from "./backups.ts";
import { cancel, dataRoutes, isDataPath } from "./data.ts";
import { Faults, type FaultAction } from "./faults.ts";
import { createWorld, type HerokuOptions } from "./options.ts";
import { platformRoutes } from "./platform.ts";
import { keepHeaders, redactBody, type RecordedRequest } from "./recording.ts";
import { findRoute, type Stage } from "./routes.ts";
import { addTransfer, begin, type Transfer } from "./transfers.ts";
import { Work } from "./work.ts";
import { addonNamed, appNamed, newId, type App, type Database, type World } from "./world.ts";

const accountTokens = 4500;
const tokensPerMinute = 75;

export type LocalHeroku = AsyncDisposable & {
  /** `http://127.0.0.1:PORT`, for both APIs. */
  url: string;
  requests: RecordedRequest[];
  state: World;
  faults: Faults;
  app(name: string): App;
  /** A database by the name of its add-on. */
  database(addonName: string): Database;
  /** A transfer that is running and was started by somebody else; it moves no data. */
  addRunningTransfer(addonName: string): Transfer;
  /** Cancels as another user would. */
  cancel(transfer: Transfer): void;
  /** Resolves when no restore and no backup is under way any more. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/**
 * A Heroku on a loopback port: Platform and Data API told apart by their paths, with real pg_restore and pg_dump behind
 * the transfers. Close it to stop everything it started.
 */
export async function startHeroku(options: HerokuOptions): Promise<LocalHeroku> {
  const world = await createWorld(options);
  const backups = await BackupStore.open();
  const work = new Work();
  const faults = new Faults();
  const stage: Stage = { world, faults, backups, work, directory: options.restoreClientDirectory, origin: "" };
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    serve(stage, options.token, requests, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stage.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = onlyOnce(() => closeAll(server, work, backups));
  return {
    url: stage.origin,
    requests,
    state: world,
    faults,
    app: (name) => appNamed(world, name),
    database: (addonName) => addonNamed(world, addonName).database!,
    addRunningTransfer: (addonName) => addRunningTransfer(world, addonName),
    cancel: (transfer) => cancel(stage, transfer),
    idle: () => work.idle(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function onlyOnce(act: () => Promise<void>): () => Promise<void> {
  let acted: Promise<void> | undefined;
  return () => (acted ??= act());
}

async function closeAll(server: Server, work: Work, backups: BackupStore): Promise<void> {
  server.close();
  server.closeAllConnections();
  await work[Symbol.asyncDispose]();
  await backups[Symbol.asyncDispose]();
}

function addRunningTransfer(world: World, addonName: string): Transfer {
  const addon = addonNamed(world, addonName);
  const transfer = addTransfer(world, addon, {
    fromName: "BACKUP",
    fromType: "htcat",
    fromUrl: "https://elsewhere.example.com/other.dump",
    toName: "DATABASE",
    toType: "pg_restore",
    toUrl: addon.url,
  });
  begin(transfer);
  return transfer;
}

async function serve(
  stage: Stage,
  token: string,
  requests: RecordedRequest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", stage.origin);
  if (stage.backups.isPublic(url.pathname)) return stage.backups.serve(request, response, url);
  const body = parseBody(await readText(request));
  const record = recordOf(request, url, body);
  requests.push(record);
  const action = stage.faults.take(record.method, record.path);
  const answer = await actOut(action, () => answerTo(stage, token, request, url, body));
  if (answer === undefined) return action?.kind === "hang" ? undefined : void response.destroy();
  record.status = answer.status;
  send(response, answer, record.requestId, stage.world, action?.kind === "cutAnswer");
}

/** The answer, or undefined where the fault leaves the client without one. */
async function actOut(action: FaultAction | undefined, answer: () => Promise<Answer>): Promise<Answer | undefined> {
  if (action?.kind === "answer") return action.answer;
  if (action?.kind === "dropBefore" || action?.kind === "hang") return undefined;
  if (action?.kind === "delay") await sleep(action.delayMs);
  const plain = await answer();
  return action?.kind === "dropAfter" ? undefined : plain;
}

async function answerTo(
  stage: Stage,
  token: string,
  request: IncomingMessage,
  url: URL,
  body: unknown,
): Promise<Answer> {
  try {
    const isData = isDataPath(url.pathname);
    // Without a version the Platform API answers in another, older shape.
    if (!isData && !/version=3\b/.test(request.headers.accept ?? "")) throw unknownEndpoint();
    if (!isAuthorized(request.headers.authorization, token)) throw unauthorized();
    if (body instanceof SyntaxError) throw new Refusal(400, "bad_request", "The body is not valid JSON.");
    const found = findRoute(isData ? dataRoutes : platformRoutes, request.method ?? "", url.pathname);
    if (found === undefined) throw unknownEndpoint();
    const range = request.headers.range;
    return await found.route.answer({ stage, params: found.params, query: url.searchParams, range, body });
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: error.body };
    return { status: 500, body: { id: "internal_server_error", message: (error as Error).message } };
  }
}

/** `Bearer TOKEN`, or `Basic` with the token as the password. */
function isAuthorized(header: string | undefined, token: string): boolean {
  const [scheme, value = ""] = (header ?? "").split(" ");
  if (scheme === "Bearer") return value === token;
  return (
    scheme === "Basic" &&
    Buffer.from(value, "base64")
      .toString()
      .replace(/^[^:]*:/, "") === token
  );
}

function parseBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return error;
  }
}

function recordOf(request: IncomingMessage, url: URL, body: unknown): RecordedRequest {
  return {
    at: new Date(),
    method: request.method ?? "",
    path: url.pathname + url.search,
    api: isDataPath(url.pathname) ? "data" : "platform",
    scheme: request.headers.authorization?.split(" ")[0],
    headers: keepHeaders(request.headers),
    body: redactBody(url.pathname, body),
    status: null,
    requestId: newId(),
  };
}

function send(response: ServerResponse, answer: Answer, requestId: string, world: World, isCut: boolean): void {
  const text = answer.text ?? JSON.stringify(answer.body ?? {});
  response.writeHead(answer.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Request-Id": requestId,
    "RateLimit-Remaining": String(takeRateLimitToken(world)),
    ...answer.headers,
  });
  if (!isCut) return void response.end(text);
  response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy());
}

function takeRateLimitToken({ rateLimit }: World): number {
  const now = Date.now();
  const refilled = rateLimit.remaining + ((now - rateLimit.countedAt) / 60_000) * tokensPerMinute;
  rateLimit.countedAt = now;
  rateLimit.remaining = Math.max(0, Math.min(accountTokens, refilled) - 1);
  return Math.floor(rateLimit.remaining);
}

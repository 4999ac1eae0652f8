import type { IncomingHttpHeaders } from "node:http";
import { MigrationError, messageOf } from "../errors.ts";
import { type Secret, redactAll } from "../secret.ts";

/** What was being asked and of whom. */
export interface ApiCall {
  /** For the sentence `Could not …`, e.g. `read the app example-app`. */
  what: string;
  host: string;
  /** The token, and whatever secret the call sent. */
  secrets: readonly Secret[];
}

export interface ApiAnswer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
}

/** What the retry table and our guards read of a failure. The library's own error, which may hold bodies, is never kept. */
export interface ApiCause extends Error {
  statusCode?: number;
  /** Heroku's word for the error, e.g. `not_found`. */
  id?: string;
  code?: string;
  retryAfterMs?: number;
}

interface Explanation {
  code: string;
  hint: string;
}

const byId: Readonly<Record<string, Explanation>> = {
  two_factor: {
    code: "HEROKU_TWO_FACTOR",
    hint: "This token needs a second factor for the app. Use a token made with `heroku authorizations:create`, which needs none.",
  },
  suspended: { code: "HEROKU_SUSPENDED", hint: "Heroku has suspended the account or the app: see its dashboard." },
  delinquency: {
    code: "HEROKU_DELINQUENT",
    hint: "The account has an unpaid balance: settle it in Heroku's dashboard.",
  },
};

const byStatus: Readonly<Record<number, Explanation>> = {
  400: { code: "HEROKU_INVALID", hint: "Heroku does not accept the request as it is: read its message above." },
  401: {
    code: "HEROKU_UNAUTHORIZED",
    hint: "heroku-api-key is wrong, expired or revoked: make one with `heroku authorizations:create` and store it as a secret.",
  },
  402: {
    code: "HEROKU_DELINQUENT",
    hint: "The account has an unpaid balance: settle it in Heroku's dashboard.",
  },
  403: {
    code: "HEROKU_FORBIDDEN",
    hint: "The token's account lacks a right on the app: it must be a collaborator, in a team with the permissions deploy, manage and operate.",
  },
  404: {
    code: "HEROKU_NOT_FOUND",
    hint: "Check heroku-app and heroku-database, and that the token's account may see them.",
  },
  409: { code: "HEROKU_CONFLICT", hint: "Something else is changing it: wait until that is done, then run again." },
  422: { code: "HEROKU_INVALID", hint: "Heroku does not accept the request as it is: read its message above." },
  423: { code: "HEROKU_CONFIRM", hint: "Set confirm to the app's name." },
  429: {
    code: "HEROKU_RATE_LIMIT",
    hint: "The account has used up its API calls (4,500, refilled at about 75 a minute): wait, and see what else uses the token.",
  },
};

const unavailable: Explanation = {
  code: "HEROKU_UNAVAILABLE",
  hint: "Heroku's API has trouble (https://status.heroku.com): run again later; a finished stage is not repeated.",
};

const unreachable: Explanation = {
  code: "HEROKU_UNREACHABLE",
  hint: "Check that the runner may reach api.heroku.com and api.data.heroku.com over HTTPS.",
};

/** One error that a person can read, without the token, a body or a header in it. */
export function apiError(error: unknown, call: ApiCall, answer: ApiAnswer): MigrationError {
  const { status } = answer;
  const body = (error as { body?: unknown } | null)?.body;
  const said = clean(serverMessage(error, body, status), call.secrets);
  const id = idOf(body);
  const cause: ApiCause = Object.assign(new Error(said), { name: nameOf(error) });
  if (status !== undefined) cause.statusCode = status;
  if (id !== undefined) cause.id = id;
  const errno = (error as { code?: unknown } | null)?.code;
  if (typeof errno === "string") cause.code = errno;
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], Date.now());
  if (retryAfterMs !== undefined) cause.retryAfterMs = retryAfterMs;
  const { code, hint } = explain(status, id);
  const answered = status === undefined ? said : `${call.host} answered ${status}${id ? ` ${id}` : ""}: ${said}`;
  return new MigrationError(`Could not ${call.what}: ${sentence(answered)}`, { code, hint, cause });
}

function explain(status: number | undefined, id: string | undefined): Explanation {
  if (status === undefined) return unreachable;
  const known = byId[id ?? ""] ?? byStatus[status];
  if (known !== undefined) return known;
  return status >= 500 || status < 300 ? unavailable : (byStatus[400] as Explanation);
}

/** Heroku's own words where it sent JSON; the title of a router's HTML page; otherwise what the network said. */
function serverMessage(error: unknown, body: unknown, status: number | undefined): string {
  if (typeof body === "object" && body !== null) {
    const { message, error: alternative } = body as { message?: unknown; error?: unknown };
    if (typeof message === "string") return message;
    return typeof alternative === "string" ? alternative : "no message";
  }
  if (typeof body === "string") return describeText(body);
  if (error instanceof SyntaxError) return "the answer is not the JSON that was expected";
  return status === undefined ? messageOf(error) : `the answer broke off (${messageOf(error)})`;
}

function describeText(text: string): string {
  const title = /<title>([^<]*)<\/title>/iu.exec(text)?.[1];
  if (title !== undefined) return `a web page instead of JSON (${title.trim()})`;
  if (text.trim() === "") return "an empty answer";
  return isDamagedData(text) ? "an answer that is damaged, and not shown" : text;
}

/** What was to be JSON may hold logins and presigned URLs, and in its ruins they cannot be told from the rest. */
function isDamagedData(text: string): boolean {
  return /":|:\/\/|^\s*[[{]/u.test(text);
}

function idOf(body: unknown): string | undefined {
  const id = typeof body === "object" && body !== null ? (body as { id?: unknown }).id : undefined;
  return typeof id === "string" && /^[a-z_]{1,40}$/u.test(id) ? id : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error && /^[A-Za-z]{1,40}$/u.test(error.name) ? error.name : "Error";
}

/** A text from Heroku fit to be shown: one line, not too long, no secret, no URL's query or login. */
export function clean(text: string, secrets: readonly Secret[]): string {
  const known = secrets.filter((secret) => secret.reveal().length > 3);
  const oneLine = redactAll(withoutAccess(text), known).replaceAll(/\s+/gu, " ").trim();
  return oneLine.length > 400 ? `${oneLine.slice(0, 400)}…` : oneLine;
}

/**
 * Presigned URLs grant access by their query, database URLs by their login, user mappings and subscriptions hold a password: all of them go,
 * whoever they belong to.
 */
export function withoutAccess(text: string): string {
  return text
    .replaceAll(/(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/giu, "$1?***")
    .replaceAll(/(postgres(?:ql)?:\/\/)[^\s"'<>/@]*@/giu, "$1***@")
    .replaceAll(/(\bpassword"?\s+)'(?:[^']|'')*'/giu, "$1'***'")
    .replaceAll(/(\bpassword\s*=\s*)[^\s'"]+/giu, "$1***");
}

function sentence(text: string): string {
  return /[.!?…]$/u.test(text) ? text : `${text}.`;
}

/** Longer than this nobody waits for one call. */
const longestWaitMs = 300_000;

/** Seconds, or a date (RFC 9110 §10.2.3). */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const waitMs = header.trim() !== "" && Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(longestWaitMs, Math.max(0, waitMs));
}

/** The facts of a failed call, wherever in the chain they are. */
export function apiCause(error: unknown): ApiCause | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const { statusCode, code } = current as ApiCause;
    if (statusCode !== undefined || (code !== undefined && !(current instanceof MigrationError))) return current;
  }
  return undefined;
}

export function statusOf(error: unknown): number | undefined {
  return apiCause(error)?.statusCode;
}

/** Whether Heroku certainly did nothing: it refused the request, or never got it. */
export function isRefused(error: unknown): boolean {
  const { statusCode, code } = apiCause(error) ?? {};
  if (statusCode !== undefined) return statusCode >= 300 && statusCode < 500 && statusCode !== 408;
  return code !== undefined && ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED"].includes(code);
}

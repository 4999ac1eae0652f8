/** One request as it came, without its secrets: no token, no query of a URL, no value of a config var. */
export type RecordedRequest = {
  at: Date;
  method: string;
  /** With the query. */
  path: string;
  api: "platform" | "data";
  scheme: string | undefined;
  headers: Record<string, string | undefined>;
  body: unknown;
  /** Null when the connection was closed instead of an answer. */
  status: number | null;
  requestId: string;
};

const keptHeaders = ["accept", "accept-inclusion", "content-type", "range", "user-agent", "request-id"];

export function keepHeaders(headers: Record<string, unknown>): RecordedRequest["headers"] {
  const kept = keptHeaders.filter((name) => headers[name] !== undefined);
  return Object.fromEntries(kept.map((name) => [name, String(headers[name])]));
}

/** A body fit to be printed: URLs lose their login and query, config vars their values. */
export function redactBody(path: string, body: unknown): unknown {
  if (path.endsWith("/config-vars")) return redactValues(body);
  return redactUrls(body);
}

function redactValues(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, value === null ? null : "[removed]"]));
}

function redactUrls(value: unknown): unknown {
  if (typeof value === "string") return redactUrl(value);
  if (Array.isArray(value)) return value.map(redactUrls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redactUrls(inner)]));
}

function redactUrl(text: string): string {
  const url = /^[a-z][a-z+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null) return text;
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?[removed]"}`;
}

import { inspect } from "node:util";
import { isIP } from "node:net";
import { MigrationError } from "../errors.ts";
import { Secret } from "../secret.ts";

/** libpq's sslmode values (PostgreSQL manual, 34.19.3), less `allow`, which never helps. */
export const sslModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

/** PEM texts, not paths. */
export interface TlsFiles {
  ca?: string;
  clientCertificate?: string;
  clientKey?: Secret;
}

interface DatabaseUrlParts {
  host: string;
  port: number;
  user: string;
  password: Secret;
  database: string;
  sslMode: SslMode;
  tls: TlsFiles;
}

/** A connection URL whose password is kept apart: printed, in a template, as JSON or inspected, it shows user, host, port and database. */
export class DatabaseUrl {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly database: string;
  readonly sslMode: SslMode;
  readonly tls: TlsFiles;

  constructor(parts: DatabaseUrlParts) {
    this.host = parts.host;
    this.port = parts.port;
    this.user = parts.user;
    this.password = parts.password;
    this.database = parts.database;
    this.sslMode = parts.sslMode;
    this.tls = parts.tls;
  }

  with(changes: Partial<DatabaseUrlParts>): DatabaseUrl {
    const { host, port, user, password, database, sslMode, tls } = this;
    return new DatabaseUrl({ host, port, user, password, database, sslMode, tls, ...changes });
  }

  /** `host:port/database`: enough to tell two databases apart, without the user. */
  get location(): string {
    return `${this.host}:${this.port}/${this.database}`;
  }

  toString(): string {
    return `postgres://${this.user}@${this.location}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Parameters that libpq knows and that we take over or that change nothing for us. */
const ignoredParameters = new Set([
  "application_name",
  "connect_timeout",
  "keepalives",
  "channel_binding",
  "gssencmode",
  "target_session_attrs",
  "sslnegotiation",
]);
const fileParameters: Readonly<Record<string, string>> = {
  sslrootcert: "source-ca",
  sslcert: "source-client-cert",
  sslkey: "source-client-key",
};

/**
 * Parses `postgres://user:password@host:port/database?sslmode=…`.
 * The message names the input and never repeats any of its text: Node's own URL error carries the whole of it.
 *
 * @throws MigrationError for anything but one complete URL
 */
export function parseDatabaseUrl(text: string, what: string, tls: TlsFiles = {}): DatabaseUrl {
  const url = parseUrl(text.trim(), what);
  const parameters = readParameters(url, what);
  const host = parameters.get("host") ?? withoutBrackets(decode(url.hostname, what, "host"));
  const database = decode(url.pathname.replace(/^\//u, ""), what, "database name") || parameters.get("dbname") || "";
  const user = decode(url.username, what, "user name") || parameters.get("user") || "";
  if (host === "" || user === "" || database === "") {
    const missing = [host === "" && "a host", user === "" && "a user", database === "" && "a database name"].filter(
      Boolean,
    );
    throw wrong(what, `has no ${missing.join(" and no ").replaceAll("no a ", "no ").replace(/^a /u, "")}`);
  }
  return new DatabaseUrl({
    host,
    port: readPort(url.port || parameters.get("port"), what),
    user,
    password: new Secret(decode(url.password, what, "password") || (parameters.get("password") ?? "")),
    database,
    sslMode: readSslMode(parameters.get("sslmode") ?? parameters.get("ssl"), host, tls, what),
    tls,
  });
}

function parseUrl(text: string, what: string): URL {
  if (text === "") throw wrong(what, "is empty");
  if (!/^postgres(ql)?:\/\//u.test(text)) throw wrong(what, "does not start with postgres:// or postgresql://");
  if (/^\w+:\/\/[^/?]*,/u.test(text.replace(/^(\w+:\/\/)[^@]*@/u, "$1")))
    throw wrong(what, "names several hosts; give the primary alone");
  const parsed = URL.parse(text);
  // An @ in the query, or a fragment, is the rest of a password with a raw ? or #. Its text must not be looked at further.
  if (!parsed || parsed.search.includes("@") || text.includes("#"))
    throw wrong(
      what,
      "is not a URL that can be read; percent-encode special characters such as @ : / ? # % in the password",
    );
  return parsed;
}

function readParameters(url: URL, what: string): Map<string, string> {
  const pairs = url.search.slice(1).split("&").filter(Boolean);
  const parameters = new Map(pairs.map((pair) => readParameter(pair, what)));
  for (const name of parameters.keys()) {
    const input = fileParameters[name];
    if (input !== undefined)
      throw wrong(what, `has the parameter ${name}, a file's path; give the PEM text as the input ${input} instead`);
    if (name === "options")
      throw wrong(what, "has the parameter options; set what it sets for the role or the database instead");
    if (!isKnownParameter(name))
      throw wrong(what, `has a parameter that is not known${/^[a-z_]{1,40}$/u.test(name) ? `: ${name}` : ""}`);
  }
  return parameters;
}

/** As libpq does (conninfo_uri_parse_params): percent-encoding only, a plus is a plus. */
function readParameter(pair: string, what: string): [name: string, value: string] {
  const [name = "", ...rest] = pair.split("=");
  return [decode(name, what, "parameter"), decode(rest.join("="), what, "parameter")];
}

function isKnownParameter(name: string): boolean {
  return (
    ["host", "port", "user", "password", "dbname", "sslmode", "ssl"].includes(name) ||
    ignoredParameters.has(name) ||
    name.startsWith("keepalives_")
  );
}

function decode(text: string, what: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(what, `has a ${part} with a broken percent-encoding; write % itself as %25`);
  }
}

function readPort(text: string | undefined, what: string): number {
  const port = Number(text ?? "5432");
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrong(what, "has a port that is not between 1 and 65535");
  return port;
}

function readSslMode(text: string | undefined, host: string, tls: TlsFiles, what: string): SslMode {
  if (text === "true") return "require";
  if (text === "no-verify" || text === "allow") return "require";
  if (text !== undefined && text !== "") {
    if ((sslModes as readonly string[]).includes(text)) return text as SslMode;
    throw wrong(what, `has an sslmode that is not one of ${sslModes.join(", ")}`);
  }
  return defaultSslMode(host, tls);
}

/** A CA that was given is meant to be checked; a bare IP address has no name to check (Cloud SQL). Loopback is a tunnel or a proxy. */
function defaultSslMode(host: string, tls: TlsFiles): SslMode {
  if (tls.ca !== undefined) return isIP(host) === 0 ? "verify-full" : "verify-ca";
  return isLocal(host) ? "prefer" : "require";
}

/** What answers does so on this machine: by a loopback address or a socket's folder. */
export function isLocal(host: string): boolean {
  return isLoopback(host) || host.startsWith("/");
}

/** `[::1]`, as a URL writes it, is `::1`. A name that begins with `127.` is a name, not an address. */
export function isLoopback(host: string): boolean {
  const plain = withoutBrackets(host);
  if (isIP(plain) !== 0) return plain === "::1" || plain.startsWith("127.");
  return plain === "localhost" || plain.endsWith(".localhost");
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/u, "$1");
}

function wrong(what: string, problem: string): MigrationError {
  return new MigrationError(`${what} ${problem}.`, {
    code: "DATABASE_URL",
    hint: `Write it as postgres://user:password@host:port/database?sslmode=require, with special characters of the password percent-encoded.`,
  });
}

import type { Report } from "../report.ts";
import {
  createPseudonyms,
  isAddress,
  isBuiltInRole,
  learnIdentifiers,
  type PseudonymKind,
  type Pseudonyms,
} from "./identifiers.ts";

/**
 * The report without hosts, addresses, users and role names: what a public repository may show. Each is replaced by the same
 * pseudonym wherever it appears, also inside messages, SQL and log lines. Names of tables, schemas, extensions and settings stay.
 *
 * The rule is the wrong way round on purpose: every text is searched unless it is listed here as one that stays.
 */
export function withoutIdentifiers(report: Report): Report {
  const pseudonyms = createPseudonyms();
  learnIdentifiers(report, pseudonyms);
  const replace = createReplacer(pseudonyms, [report.app, report.target?.addonName ?? ""]);
  const hide = (text: string, path: string): string => {
    if (kept.test(path)) return text;
    const kind = dedicated.find(([pattern]) => pattern.test(path))?.[1];
    if (kind === undefined) return replace(text, sqlFields.test(path));
    if (text === "" || (kind === "role" && isBuiltInRole(text))) return text;
    return pseudonyms.of(kind !== "role" && isAddress(text) ? "address" : kind, text);
  };
  const { identifiers: _dropped, ...rest } = report;
  return mapTexts(rest, "", hide) as Report;
}

/** Words of ours and names of objects: never a person, a host or a role. */
const kept =
  /^(?:version|toolVersion|command|verdict|app|startedAt|finishedAt|window\..*|source\.(?:provider|providerName|serverVersion|encoding|systemIdentifier)|target\..*|stages\.(?:name|outcome|startedAt|finishedAt)|plan\..*|checks\.(?:area|outcome)|checks\.findings\.(?:code|severity)|extensions\.(?:name|sourceVersion|targetVersion|sourceSchema|class|action)|settingsDiff\.(?:name|verdict)|connections\.since|configVars\..*|losses\.kind|edits\.(?:kind|object|schema)|tables\..*|dump\.(?:engine|archiveSha256|snapshotLsn|archiveVersion|clientVersion)|proof\..*|restore\.(?:transferId|wayBack)|restore\.logLines\.at|verification\.(?:kind|outcome)|verification\.differences\.(?:kind|object)|verification\.unread\.object|drift\.(?:positions|tables)\..*|samples\..*|failure\.(?:stage|code)|artifacts\.(?:name|file|sha256|url))$/u;

/** Fields that hold an identifier and nothing else. */
const dedicated: readonly (readonly [RegExp, PseudonymKind])[] = [
  [/^source\.host$/u, "host"],
  [/^source\.user$/u, "role"],
  [/^connections\.user$/u, "role"],
  [/^connections\.address$/u, "host"],
];

const sqlFields = /\.(?:sql|original|command)$/u;

function mapTexts(value: unknown, path: string, change: (text: string, path: string) => string): unknown {
  if (typeof value === "string") return change(value, path);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, path, change));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    mapTexts(item, path === "" ? key : `${path}.${key}`, change),
  ]);
  return Object.fromEntries(entries);
}

/** Words of ours that are also popular names of roles: replaced only where they stand as a name. */
const ordinaryWords = new Set(
  "admin app backup data database default host main migrate migration owner production read readonly role source staging table target test user users verify web worker write".split(
    " ",
  ),
);

/** Domains that our own remedies point to. */
const ownDomains = /(?:^|\.)(?:heroku\.com|postgresql\.org|github\.com)$/iu;
const providerHost =
  /(?:amazonaws|azure|aivencloud|ondigitalocean|digitaloceanspaces|render|upclouddatabases|vultrdb|herokuapp)\.com|(?:linodedb|windows)\.net|cloudsql\.[\w-]+|goog/u;

const address = String.raw`(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[\da-f:.]*:[\da-f:.]*:)[\da-f:.]*\d[\da-f:.]*)(?![\w:]|\.\d)`;
const mail = String.raw`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`;
const host = String.raw`(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?:${providerHost.source})(?![\w-])|(?<=\/\/|@|host[ =:]["']?)[\w-]+(?:\.[\w-]+)+`;

type Replacer = (text: string, isSql: boolean) => string;

function createReplacer(pseudonyms: Pseudonyms, stay: readonly string[]): Replacer {
  const words = {
    stay: [...alternatives(stay.filter((word) => word !== "")), String.raw`--\w[\w-]*`].join("|"),
    host: alternatives(pseudonyms.names("host")).join("|"),
    role: roleAlternatives(pseudonyms.names("role")).join("|"),
  };
  const pattern = new RegExp(
    Object.entries({ ...words, address, mail, found: host })
      .filter(([, source]) => source !== "")
      .map(([name, source]) => `(?<${name}>${source})`)
      .join("|"),
    "giu",
  );
  return (text, isSql) =>
    text.replaceAll(pattern, (match, ...rest) => {
      const groups = rest.at(-1) as Partial<Record<keyof typeof words | "address" | "mail" | "found", string>>;
      if (groups.stay !== undefined) return match;
      if (groups.host !== undefined) return pseudonyms.of("host", match);
      if (groups.role !== undefined)
        return quoteRole(match, pseudonyms, isSql && !isInText(text, rest.at(-3) as number));
      if (groups.address !== undefined) return isTellingAddress(match) ? pseudonyms.of("address", match) : match;
      if (groups.mail !== undefined) return pseudonyms.of("address", match);
      return ownDomains.test(match) ? match : pseudonyms.of("host", match);
    });
}

function alternatives(names: readonly string[]): string[] {
  const spellings = new Set(names.flatMap((name) => [name, encodeURIComponent(name.toWellFormed())]));
  return [...spellings].toSorted((a, b) => b.length - a.length).map((name) => bounded(escaped(name)));
}

/** As an identifier in quotes or, where the word is no ordinary one, anywhere. */
function roleAlternatives(names: readonly string[]): string[] {
  const byLength = names.toSorted((a, b) => b.length - a.length);
  const quoted = byLength.map((name) => escaped(`"${name.replaceAll('"', '""')}"`));
  const marked = byLength
    .filter(isOrdinary)
    .map((name) => `(?<=['\`]|\\b(?:role|user|to|owner) )${escaped(name)}(?![\\p{L}\\p{N}_$-])`);
  return [...quoted, ...alternatives(byLength.filter((name) => !isOrdinary(name))), ...marked];
}

function isOrdinary(name: string): boolean {
  return name.length < 3 || ordinaryWords.has(name.toLowerCase());
}

function bounded(pattern: string): string {
  return String.raw`(?<![\p{L}\p{N}_$])${pattern}(?![\p{L}\p{N}_$])`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
}

function quoteRole(match: string, pseudonyms: Pseudonyms, isIdentifier: boolean): string {
  const isQuoted = match.startsWith('"') && match.endsWith('"') && match.length > 2;
  const name = isQuoted ? match.slice(1, -1).replaceAll('""', '"') : safelyDecoded(match, pseudonyms);
  const pseudonym = pseudonyms.of("role", name);
  return isQuoted || isIdentifier ? `"${pseudonym}"` : pseudonym;
}

function safelyDecoded(match: string, pseudonyms: Pseudonyms): string {
  if (pseudonyms.knows("role", match)) return match;
  try {
    return decodeURIComponent(match);
  } catch {
    return match;
  }
}

/** Inside a comment or a literal a quoted identifier would be wrong. */
function isInText(sql: string, offset: number): boolean {
  const line = sql.slice(sql.lastIndexOf("\n", offset - 1) + 1, offset);
  return line.trimStart().startsWith("--") || line.split("'").length % 2 === 0;
}

function isTellingAddress(text: string): boolean {
  return isAddress(text) && !/^(?:127\.|0\.0\.0\.0$|::1?$)/u.test(text);
}

import { isIPv4, isIPv6 } from "node:net";
import type { Report } from "../report.ts";

/** Hosts, roles and addresses of one report, each with the name that stands for it: `host 1`, `role 2`, `address 3`. */
export interface Pseudonyms {
  /** The pseudonym of a name, new ones numbered in the order in which they are asked for. Case makes no other name. */
  of(kind: PseudonymKind, name: string): string;
  knows(kind: PseudonymKind, name: string): boolean;
  /** As they were first spelled: lower case is not always the same word, `İ` becomes two characters. */
  names(kind: PseudonymKind): string[];
}

export type PseudonymKind = "host" | "role" | "address";

export function createPseudonyms(): Pseudonyms {
  const known: Record<PseudonymKind, Map<string, { spelling: string; pseudonym: string }>> = {
    host: new Map(),
    role: new Map(),
    address: new Map(),
  };
  return {
    of(kind, name) {
      const names = known[kind];
      const key = name.toLowerCase();
      const found = names.get(key) ?? { spelling: name, pseudonym: `${kind} ${names.size + 1}` };
      names.set(key, found);
      return found.pseudonym;
    },
    knows: (kind, name) => known[kind].has(name.toLowerCase()),
    names: (kind) => [...known[kind].values()].map(({ spelling }) => spelling),
  };
}

/** The same in every cluster, so they tell nothing. */
export function isBuiltInRole(name: string): boolean {
  return /^(?:postgres|public|current_user|current_role|session_user|group|pg_\w+|)$/iu.test(name);
}

/** Learns every name that the report holds in a field of its own or in a statement about roles. */
export function learnIdentifiers(report: Report, pseudonyms: Pseudonyms): void {
  const { source, identifiers, connections = [] } = report;
  const hosts = [source?.host ?? "", ...(identifiers?.hosts ?? [])];
  for (const host of hosts) if (host !== "") pseudonyms.of(isAddress(host) ? "address" : "host", host);
  for (const { address } of connections) if (isAddress(address)) pseudonyms.of("address", address);
  const roles = [source?.user ?? "", ...(identifiers?.roles ?? []), ...connections.map(({ user }) => user)];
  for (const role of [...roles, ...listMentionedRoles(report)]) if (!isBuiltInRole(role)) pseudonyms.of("role", role);
}

export function isAddress(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

function listMentionedRoles({ checks, losses = [], restore }: Report): string[] {
  const findings = checks.flatMap((check) => check.findings);
  const statements = [...findings.map(({ sql }) => sql), ...losses.flatMap(({ sql, original }) => [sql, original])];
  const problems = (restore?.skipped ?? []).flatMap(({ message, entry, command }) => [message, entry, command]);
  const lines = (restore?.logLines ?? []).map(({ message }) => message);
  const prose = findings.flatMap(({ message, remedy }) => [message, remedy]);
  return [
    ...statements.flatMap((sql) => rolesOfSql(sql ?? "")),
    ...[...problems, ...lines, ...prose].flatMap((text) => rolesOfText(text ?? "")),
  ];
}

const aboutRoles =
  /^\s*(?:grant|revoke|alter\s+default|(?:create|alter|drop)\s+(?:role|user)|comment\s+on\s+role|reassign|alter\s.*\sowner\s+to)\b/iu;
const inRolePosition =
  /\b(?:role|user|to|from|by|owner\s+to)\s+((?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)(?:\s*,\s*(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*))*)/giu;

function rolesOfSql(sql: string): string[] {
  return sql
    .split(/;\s*(?:\n|$)/u)
    .filter((statement) => aboutRoles.test(statement))
    .flatMap((statement) => [...statement.matchAll(inRolePosition)])
    .flatMap((match) => (match[1] ?? "").match(/"(?:[^"]|"")+"|[^\s,"]+/gu) ?? [])
    .map(unquoted);
}

/** PostgreSQL's messages say `role "x"`; pg_restore ends a line about a table of contents' entry with its owner. */
function rolesOfText(text: string): string[] {
  const quoted = [...text.matchAll(/\b(?:role|user) "([^"]+)"/giu)];
  const owners = [...text.matchAll(/from TOC entry \d+; \d+ \d+ .* (\S+)$/gmu)];
  return [...quoted, ...owners].map((match) => match[1] ?? "").filter((name) => name !== "-");
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

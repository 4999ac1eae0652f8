import type { Provider } from "../../inputs/definitions.ts";

/** What is known of a provider, as data. An input overrides what was found; nothing here is a hard rule. */
export interface ProviderProfile {
  id: Provider;
  name: string;
  /** Host names of its databases. */
  hosts: readonly RegExp[];
  /** What its servers have and others do not. One is enough. */
  markers: {
    roles?: readonly string[];
    databases?: readonly string[];
    /** Beginnings of setting names, e.g. `rds.`. */
    settings?: readonly string[];
    functions?: readonly string[];
  };
  /** Users it creates for its customers; decide within a family whose markers are shared. */
  adminUsers: readonly string[];
  poolers: readonly { name: string; host?: RegExp; ports?: readonly number[] }[];
  /** Hosts that lead to a lagging replica. */
  readers: readonly RegExp[];
  /** Hosts that work only inside its network. */
  internalHosts: readonly RegExp[];
  /** The provider's own things in a customer's database: out of the archive and the diff. `*` stands for any text. */
  leaveOut: { extensions: readonly string[]; schemas: readonly string[]; eventTriggers: readonly string[] };
  /** Its own roles, which nobody misses. `*` stands for any text. */
  ownRoles: readonly string[];
  /** Which user to connect as, and what to grant. */
  rights: string;
  /** Why a connection may fail there, and what to do. */
  networkHint: string;
  tls: string;
  /** Oldest and newest major offered. */
  majors: readonly [number, number];
}

/** For profiles of the Aiven family, whose servers differ only by host name and admin user. */
export const aivenLeaveOut = { extensions: ["aiven_extras"], schemas: ["aiven_extras"], eventTriggers: [] } as const;

/** Settings of `aiven.*` are for superusers only: invisible, so no marker. */
export const aivenPooler = "Aiven's PgBouncer (a port of its own; the database part is the pool's name)";

export const aivenRoles = [
  "_aiven",
  "_aiven_*",
  "aiven_*",
  "metrics_user_*",
  "_doadmin_*",
  "_dodb",
  "_dodb_*",
] as const;

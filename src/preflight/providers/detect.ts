import type { Provider } from "../../inputs/definitions.ts";
import type { Session } from "../../postgres/session.ts";
import { aivenBased } from "./aiven-family.ts";
import { generic } from "./generic.ts";
import type { ProviderProfile } from "./profile.ts";
import { profileOf, profiles } from "./profiles.ts";

export interface ProviderMatch {
  id: Provider;
  profile: ProviderProfile;
  /** What decided it. */
  by: "input" | "host" | "markers" | "nothing";
  /** What host and markers say, where the input says something else. */
  foundInstead?: ProviderProfile;
}

/** What tells whose server this is, beyond its host name. */
export interface ServerMarkers {
  user: string;
  database: string;
  roles: string[];
  databases: string[];
  /** Names of settings with a dot, i.e. of extensions and providers. */
  settings: string[];
  functions: string[];
  schemas: string[];
  availableExtensions: string[];
}

const markersQuery = `
  select current_user::text as user, current_database()::text as database,
         (select coalesce(array_agg(rolname::text), '{}') from pg_roles where rolname !~ '^pg_') as roles,
         (select coalesce(array_agg(datname::text), '{}') from pg_database) as databases,
         (select coalesce(array_agg(name), '{}') from pg_settings where name like '%.%' or name like 'alloydb%')
           as settings,
         (select coalesce(array_agg(proname::text), '{}') from pg_proc where proname in ('aurora_version')) as functions,
         (select coalesce(array_agg(nspname::text), '{}') from pg_namespace where nspname !~ '^pg_') as schemas,
         (select coalesce(array_agg(name::text), '{}') from pg_available_extensions) as "availableExtensions"`;

export async function readServerMarkers(session: Session): Promise<ServerMarkers> {
  return await session.row<ServerMarkers>(markersQuery);
}

/** The explicit input, else the host's name, else the server's markers, else `generic`. */
export function detectProvider(input: Provider | "auto", host: string, markers?: ServerMarkers): ProviderMatch {
  const found = findByHost(host) ?? (markers === undefined ? undefined : findByMarkers(markers));
  if (input === "auto") return found ?? { id: "generic", profile: generic, by: "nothing" };
  const isOther = found !== undefined && found.id !== input && input !== "generic";
  return { id: input, profile: profileOf(input), by: "input", ...(isOther ? { foundInstead: found.profile } : {}) };
}

function findByHost(host: string): ProviderMatch | undefined {
  const profile = profiles.find(({ hosts }) => hosts.some((pattern) => pattern.test(host.toLowerCase())));
  return profile && { id: profile.id, profile, by: "host" };
}

function findByMarkers(markers: ServerMarkers): ProviderMatch | undefined {
  const byUser = isAivenFamily(markers) ? findByAdmin(markers) : undefined;
  const profile = byUser ?? profiles.find((candidate) => hasMarkers(candidate, markers));
  if (profile !== undefined) return { id: profile.id, profile, by: "markers" };
  return isAivenFamily(markers) ? { id: "generic", profile: aivenBased, by: "markers" } : undefined;
}

/** The family is certain, the vendor is the one whose admin role the server has. */
function findByAdmin(markers: ServerMarkers): ProviderProfile | undefined {
  return profiles.find(({ adminUsers }) => adminUsers.some((name) => markers.roles.includes(name)));
}

export function isAivenFamily(markers: ServerMarkers): boolean {
  return (
    markers.availableExtensions.includes("aiven_extras") ||
    markers.settings.includes("extwlist.extensions") ||
    markers.databases.includes("defaultdb")
  );
}

function hasMarkers({ markers: wanted }: ProviderProfile, found: ServerMarkers): boolean {
  return (
    wanted.roles?.some((name) => found.roles.includes(name)) === true ||
    wanted.databases?.some((name) => found.databases.includes(name)) === true ||
    wanted.functions?.some((name) => found.functions.includes(name)) === true ||
    wanted.settings?.some((prefix) => found.settings.some((name) => name.startsWith(prefix))) === true
  );
}

/**
 * Heroku's own databases look like others': Essential answers on Amazon RDS hosts with `rds.*` settings. What gives them
 * away are generated names, `u` and `d` with 13 letters and digits, and Heroku's schemas.
 */
export function isHerokuDatabase(markers: Pick<ServerMarkers, "user" | "database" | "schemas">): boolean {
  const hasGeneratedNames = /^u[0-9a-z]{13}$/u.test(markers.user) && /^d[0-9a-z]{13}$/u.test(markers.database);
  return hasGeneratedNames || markers.schemas.some((name) => name === "heroku_ext" || name === "_heroku");
}

/** The pooler whose address this is, by host or by port. */
export function findPooler(profile: ProviderProfile, host: string, port: number): string | undefined {
  return profile.poolers.find(
    (pooler) => pooler.host?.test(host.toLowerCase()) === true || pooler.ports?.includes(port) === true,
  )?.name;
}

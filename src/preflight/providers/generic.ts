import type { ProviderProfile } from "./profile.ts";

/** Any PostgreSQL server, one's own included. */
export const generic: ProviderProfile = {
  id: "generic",
  name: "PostgreSQL",
  hosts: [],
  markers: {},
  adminUsers: [],
  poolers: [{ name: "PgBouncer", ports: [6432] }],
  readers: [],
  internalHosts: [],
  leaveOut: { extensions: [], schemas: [], eventTriggers: [] },
  ownRoles: [],
  rights: "Connect as the owner of the database's objects, or as a member of pg_read_all_data (14 and later).",
  networkHint:
    "Let the runner's address through the server's firewall and pg_hba.conf, or use a self-hosted runner inside the network.",
  tls: "sslmode=require encrypts; give the server's CA as source-ca to verify it.",
  majors: [9, 18],
};

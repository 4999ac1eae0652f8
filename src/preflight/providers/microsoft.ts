import type { ProviderProfile } from "./profile.ts";

export const azure: ProviderProfile = {
  id: "azure",
  name: "Azure Database for PostgreSQL",
  hosts: [/\.postgres(cosmos)?\.database\.(azure\.com|chinacloudapi\.cn|usgovcloudapi\.net|cloudapi\.de)$/u],
  markers: {
    roles: ["azure_pg_admin", "azuresu"],
    databases: ["azure_maintenance", "azure_sys"],
    settings: ["azure."],
  },
  adminUsers: [],
  poolers: [{ name: "built-in PgBouncer", ports: [6432, 8432] }],
  readers: [],
  internalHosts: [],
  leaveOut: {
    extensions: [
      "azure",
      "pgaadauth",
      "azure_storage",
      "azure_ai",
      "azure_local_ai",
      "pg_diskann",
      "login_hook",
      "pg_failover_slots",
    ],
    schemas: [],
    eventTriggers: [],
  },
  ownRoles: ["azure_pg_admin", "azuresu", "azure_*", "replication"],
  rights:
    "azure_pg_admin has pg_read_all_data on 16 and 17; on 14 and 15 grant it to the migration's user, before 14 grant the owner's role.",
  networkHint: "Add a firewall rule for the runner's address; a server inside a VNet needs a self-hosted runner there.",
  tls: "TLS is required. Two roots are in use (DigiCert Global Root G2 and Microsoft RSA Root CA 2017): sslmode=require, or both as source-ca.",
  majors: [11, 18],
};

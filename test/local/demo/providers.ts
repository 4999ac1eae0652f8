/** What makes a plain server look like a provider's: roles that its superuser makes, and extensions that only it offers. */
export interface ProviderMarkers {
  roles: string[];
  extensions: { name: string; version: string; sql: string }[];
  settings: Record<string, string>;
}

function stub(name: string, version: string, sql = ""): { name: string; version: string; sql: string } {
  return { name, version, sql };
}

const aivenFamily = [
  stub(
    "aiven_extras",
    "1.1.21",
    "create schema aiven_extras; create function aiven_extras.version() returns text language sql as 'select ''1.1.21''::text';",
  ),
];
const none: ProviderMarkers = { roles: [], extensions: [], settings: {} };

/** Roles, extensions and settings by which each provider's servers are known (docs/providers.md). */
export const providerMarkers: Readonly<Record<string, ProviderMarkers>> = {
  "aws-rds": {
    roles: ["rdsadmin", "rds_superuser"],
    extensions: [stub("aws_commons", "1.2"), stub("aws_s3", "1.2")],
    settings: { "rds.force_ssl": "1" },
  },
  "google-cloud-sql": {
    roles: ["cloudsqladmin", "cloudsqlsuperuser"],
    extensions: [stub("google_vacuum_mgmt", "1.0")],
    settings: { "cloudsql.iam_authentication": "on" },
  },
  azure: {
    roles: ["azure_pg_admin", "azuresu"],
    extensions: [stub("azure", "1.1"), stub("pgaadauth", "1.9")],
    settings: { "azure.extensions": "PG_TRGM,CITEXT" },
  },
  linode: { ...none, roles: ["akmadmin"], extensions: aivenFamily },
  upcloud: { ...none, roles: ["upadmin"], extensions: aivenFamily },
  render: none,
  digitalocean: { ...none, roles: ["doadmin", "_dodb"], extensions: aivenFamily },
  vultr: { ...none, roles: ["vultradmin"], extensions: aivenFamily },
  aiven: { ...none, roles: ["_aiven", "avnadmin"], extensions: aivenFamily },
  generic: none,
};

import { type ProviderProfile, aivenLeaveOut, aivenPooler, aivenRoles } from "./profile.ts";

/** Aiven, Akamai, UpCloud, DigitalOcean and Vultr run the same service; only host names and admin users differ. */

export const aiven: ProviderProfile = {
  id: "aiven",
  name: "Aiven",
  hosts: [/\.aivencloud\.com$/u],
  markers: { roles: ["_aiven"] },
  adminUsers: ["avnadmin"],
  poolers: [{ name: aivenPooler }],
  readers: [/^(public-)?replica-/u],
  internalHosts: [],
  leaveOut: aivenLeaveOut,
  ownRoles: aivenRoles,
  rights: "avnadmin is no superuser: for tables of other roles grant it pg_read_all_data or the owner's role.",
  networkHint: "The service's IP filter is open by default; add the runner's address if it was narrowed.",
  tls: "Give the project's CA as source-ca to verify the server.",
  majors: [15, 18],
};

export const linode: ProviderProfile = {
  id: "linode",
  name: "Linode (Akamai)",
  hosts: [/\.akamaidb\.net$/u, /\.servers\.linodedb\.net$/u],
  markers: {},
  adminUsers: ["akmadmin", "linpostgres"],
  poolers: [{ name: "connection pool (a port of its own)" }],
  readers: [],
  internalHosts: [/^private-.*\.akamaidb\.net$/u],
  leaveOut: aivenLeaveOut,
  ownRoles: aivenRoles,
  rights: "akmadmin does not own other roles' tables: grant it pg_read_all_data or the owner's role.",
  networkHint:
    "An empty allow-list admits nobody: add the runner's address to the cluster's allowed IPs. Hosts that begin with private- have a public- twin.",
  tls: "Give the cluster's CA certificate as source-ca to verify the server.",
  majors: [13, 17],
};

export const upcloud: ProviderProfile = {
  id: "upcloud",
  name: "UpCloud",
  hosts: [/\.db\.upclouddatabases\.com$/u],
  markers: {},
  adminUsers: ["upadmin"],
  poolers: [{ name: "the pooler component (a port of its own)" }],
  readers: [],
  internalHosts: [],
  leaveOut: aivenLeaveOut,
  ownRoles: aivenRoles,
  rights: "upadmin does not own other roles' tables: grant it pg_read_all_data or the owner's role.",
  networkHint:
    "public_access is off and ip_filter empty by default: switch public access on, use the public- host and add the runner's address.",
  tls: "sslmode=require; give the service's CA as source-ca to verify the server.",
  majors: [15, 18],
};

export const digitalocean: ProviderProfile = {
  id: "digitalocean",
  name: "DigitalOcean",
  hosts: [/\.db\.ondigitalocean\.com$/u],
  markers: { roles: ["doadmin", "_dodb"], databases: ["_dodb"] },
  adminUsers: ["doadmin"],
  poolers: [{ name: "connection pool (the database part is the pool's name)", ports: [25061] }],
  readers: [/^(private-)?replica-/u],
  internalHosts: [/^private-.*\.db\.ondigitalocean\.com$/u],
  leaveOut: aivenLeaveOut,
  ownRoles: aivenRoles,
  rights: "doadmin does not own other roles' objects: grant it pg_read_all_data or the owner's role.",
  networkHint:
    "Add the runner's IPv4 address to the cluster's trusted sources. Port 25061 is a connection pool: use 25060. Hosts that begin with private- work only inside the VPC.",
  tls: "sslmode=require; give the cluster's CA certificate as source-ca to verify the server.",
  majors: [14, 18],
};

export const vultr: ProviderProfile = {
  id: "vultr",
  name: "Vultr",
  hosts: [/\.vultrdb\.com$/u],
  markers: {},
  adminUsers: ["vultradmin"],
  poolers: [{ name: "connection pool (a port of its own)" }],
  readers: [],
  internalHosts: [],
  leaveOut: aivenLeaveOut,
  ownRoles: aivenRoles,
  rights: "vultradmin does not own other roles' tables: grant it pg_read_all_data or the owner's role.",
  networkHint: "Use the public_host of the database and add the runner's address to its trusted_ips.",
  tls: "Give the account's CA certificate as source-ca to verify the server.",
  majors: [13, 18],
};

/** Its markers are there, but nothing says whose it is. */
export const aivenBased: ProviderProfile = {
  ...aiven,
  id: "generic",
  name: "Aiven-based (vendor unknown)",
  hosts: [],
  markers: {},
  adminUsers: [],
  networkHint: "Add the runner's address to the database's allowed addresses at the provider.",
};

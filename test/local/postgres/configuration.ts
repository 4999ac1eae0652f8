import { appendFile, chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Authority } from "./certificates.ts";
import { giveToServer } from "./cluster.ts";

export interface TlsOptions {
  /** Names in the server's certificate; default localhost and 127.0.0.1. */
  hosts?: string[] | undefined;
  /** End of the certificate's validity; default 30 days from now. */
  notAfter?: Date | undefined;
  /** Refuse connections without TLS, except the superuser's. */
  required?: boolean | undefined;
  /** Ask for a client certificate of `server.authority`, whose common name is the role. Implies `required`. */
  clientCertificates?: boolean | undefined;
}

export interface ConfigurationOptions {
  /** Lines for postgresql.conf, over the fast defaults; `foo.bar` names that no module defines are allowed. */
  settings?: Record<string, string> | undefined;
  tls?: boolean | TlsOptions | undefined;
  /** Lines put first into pg_hba.conf. */
  hbaLines?: string[] | undefined;
}

/** Nothing here needs to survive a power cut. */
const fastSettings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
  log_line_prefix: "%m [%p] %q%u@%d %a ",
};

/** Completes what initdb wrote into `<folder>/data`; `authority` is there if TLS is to be on. `port.conf` is left to the caller. */
export async function writeConfiguration(
  folder: string,
  options: ConfigurationOptions,
  authority?: Authority,
): Promise<void> {
  const tls = options.tls === true ? {} : options.tls || undefined;
  const settings: Record<string, string> = {
    ...fastSettings,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    ...(authority && (await writeCertificates(folder, authority, tls))),
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  await appendFile(join(folder, "data/postgresql.conf"), `\n${lines.join("\n")}\ninclude 'port.conf'\n`);
  await writeFile(join(folder, "data/pg_hba.conf"), `${hbaLines(options.hbaLines ?? [], tls).join("\n")}\n`);
}

async function writeCertificates(
  folder: string,
  authority: Authority,
  tls?: TlsOptions,
): Promise<Record<string, string>> {
  const own = await authority.issueServer(tls?.hosts ?? ["localhost", "127.0.0.1"], tls?.notAfter);
  const path = (name: string): string => join(folder, "data", name);
  await writeFile(path("server.crt"), own.certificatePem);
  await writeFile(path("server.key"), own.keyPem);
  await chmod(path("server.key"), 0o600);
  await writeFile(path("clients-ca.crt"), authority.caPem);
  await giveToServer(path("server.crt"), path("server.key"), path("clients-ca.crt"));
  const asksClients = tls?.clientCertificates ? { ssl_ca_file: "clients-ca.crt" } : {};
  return { ssl: "on", ssl_cert_file: "server.crt", ssl_key_file: "server.key", ...asksClients };
}

function hbaLines(first: string[], tls?: TlsOptions): string[] {
  const isRequired = tls?.required || tls?.clientCertificates;
  const clientCertificates = tls?.clientCertificates ? " clientcert=verify-full" : "";
  const rule = `${isRequired ? "hostssl" : "host"} %s all 127.0.0.1/32 scram-sha-256`;
  return [
    ...first,
    "host all postgres 127.0.0.1/32 scram-sha-256",
    `host replication postgres 127.0.0.1/32 scram-sha-256`,
    rule.replace("%s", "all") + clientCertificates,
    rule.replace("%s", "replication") + clientCertificates,
  ];
}

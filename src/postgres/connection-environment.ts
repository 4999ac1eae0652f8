import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { childEnvironment } from "./child-environment.ts";
import type { DatabaseUrl } from "./database-url.ts";

export interface ConnectionEnvironment extends AsyncDisposable {
  variables: Record<string, string>;
}

/**
 * The environment that lets one libpq program connect: nothing in argv, the password in its environment alone
 * (PostgreSQL manual, 34.15). Certificates go to files in a folder of our own, removed on disposal, because libpq reads
 * them only from files; a client key's must be readable by us alone.
 */
export async function openConnectionEnvironment(
  url: DatabaseUrl,
  workDirectory: string,
  applicationName: string,
): Promise<ConnectionEnvironment> {
  const folder = await mkdtemp(join(workDirectory, "tls-"));
  const variables = childEnvironment({
    PGHOST: url.host,
    PGPORT: String(url.port),
    PGUSER: url.user,
    PGDATABASE: url.database,
    PGPASSWORD: url.password.reveal(),
    PGSSLMODE: url.sslMode,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: "30",
    PGPASSFILE: "/dev/null",
    PGSERVICEFILE: "/dev/null",
    // A root certificate in the home folder would silently turn `require` into `verify-ca`.
    PGSSLROOTCERT: join(folder, "none"),
    ...(await writeTlsFiles(url, folder)),
  });
  return { variables, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function writeTlsFiles(url: DatabaseUrl, folder: string): Promise<Record<string, string>> {
  const { ca, clientCertificate, clientKey } = url.tls;
  const variables: Record<string, string> = {};
  const write = async (variable: string, name: string, text: string | undefined): Promise<void> => {
    if (text === undefined) return;
    variables[variable] = join(folder, name);
    await writeFile(join(folder, name), text, { mode: 0o600 });
  };
  await write("PGSSLROOTCERT", "ca.pem", ca);
  await write("PGSSLCERT", "client.pem", clientCertificate);
  await write("PGSSLKEY", "client-key.pem", clientKey?.reveal());
  const verifiesBySystemStore = ca === undefined && (url.sslMode === "verify-ca" || url.sslMode === "verify-full");
  return verifiesBySystemStore ? { ...variables, PGSSLROOTCERT: await writeSystemRoots(folder) } : variables;
}

/** `sslrootcert=system` exists from libpq 16 on; the roots that Node trusts serve every version. */
async function writeSystemRoots(folder: string): Promise<string> {
  const { getCACertificates } = await import("node:tls");
  const file = join(folder, "system-roots.pem");
  await writeFile(file, [...getCACertificates("system"), ...getCACertificates("default")].join("\n"), { mode: 0o600 });
  return file;
}

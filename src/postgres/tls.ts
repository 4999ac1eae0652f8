import type { ConnectionOptions } from "node:tls";
import type { DatabaseUrl } from "./database-url.ts";

/**
 * What node-postgres gets for an sslmode, with libpq's meaning: node-postgres itself reads `require` in a URL as
 * "verify the certificate", libpq does not (unless a root certificate is given: then it is `verify-ca`).
 */
export function tlsOptions(url: DatabaseUrl): ConnectionOptions | false {
  if (url.sslMode === "disable") return false;
  const { ca, clientCertificate, clientKey } = url.tls;
  const verifies = url.sslMode === "verify-full" || url.sslMode === "verify-ca" || ca !== undefined;
  return {
    rejectUnauthorized: verifies,
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey.reveal() }),
    ...(url.sslMode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

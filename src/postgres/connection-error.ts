import { MigrationError, describeError } from "../errors.ts";
import type { DatabaseUrl } from "./database-url.ts";

interface Explanation {
  code: string;
  problem: string;
  hint: string;
}

/** SQLSTATEs of a refused start-up (PostgreSQL manual, appendix A). */
const bySqlState: Readonly<Record<string, (url: DatabaseUrl) => Explanation>> = {
  "28P01": (url) => ({
    code: "CONNECT_PASSWORD",
    problem: `refused the password of ${url.user}`,
    hint: "Check the user and the password in the URL; special characters of the password must be percent-encoded.",
  }),
  "28000": (url) => ({
    code: "CONNECT_REFUSED_ROLE",
    problem: `does not let ${url.user} in from here`,
    hint: "The role may not exist, may not log in, or the server's access rules demand TLS or a client certificate (sslmode=require, source-client-cert).",
  }),
  "3D000": (url) => ({
    code: "CONNECT_DATABASE",
    problem: `has no database named ${url.database}`,
    hint: "Check the last part of the URL's path.",
  }),
  "42501": (url) => ({
    code: "CONNECT_PRIVILEGE",
    problem: `does not let ${url.user} connect to ${url.database}`,
    hint: `Run: grant connect on database "${url.database.replaceAll('"', '""')}" to "${url.user.replaceAll('"', '""')}";`,
  }),
  "53300": () => ({
    code: "CONNECT_TOO_MANY",
    problem: "has no connection left",
    hint: "Stop idle clients or raise max_connections, then run again.",
  }),
  "57P03": () => ({
    code: "CONNECT_STARTING",
    problem: "is starting up or shutting down",
    hint: "Wait until the server accepts connections, then run again.",
  }),
};

const byErrno: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: {
    code: "CONNECT_HOST_UNKNOWN",
    problem: "has a host name that nobody knows",
    hint: "Check the host in the URL. A name without a dot is reachable only inside the provider's network.",
  },
  EAI_AGAIN: {
    code: "CONNECT_HOST_UNKNOWN",
    problem: "has a host name that could not be resolved",
    hint: "Check the host in the URL and the runner's DNS.",
  },
  ECONNREFUSED: {
    code: "CONNECT_REFUSED",
    problem: "refused the connection",
    hint: "Check host and port, that the server runs, and that it accepts connections from the runner.",
  },
  ETIMEDOUT: {
    code: "CONNECT_TIMEOUT",
    problem: "did not answer in time",
    hint: "A firewall or an allow-list probably drops the runner's packets: allow its address, or use a self-hosted runner inside the network.",
  },
  EHOSTUNREACH: {
    code: "CONNECT_UNREACHABLE",
    problem: "cannot be reached over the network",
    hint: "Allow the runner's address, or use a self-hosted runner inside the network.",
  },
  ENETUNREACH: {
    code: "CONNECT_UNREACHABLE",
    problem: "cannot be reached over the network",
    hint: "The address may be IPv6 only, or private: use a self-hosted runner inside the network.",
  },
  ECONNRESET: {
    code: "CONNECT_RESET",
    problem: "closed the connection during start-up",
    hint: "The port may belong to something other than PostgreSQL, or TLS is demanded or refused: check sslmode.",
  },
};

const tlsCodes = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
]);

/** One sentence on which side, what happened and what to do; the driver's own error stays as the cause. */
export function connectionError(error: unknown, url: DatabaseUrl, side: "source" | "target"): MigrationError {
  if (error instanceof MigrationError) return error;
  const { code, problem, hint } = explain(error, url);
  return new MigrationError(`The ${side} ${url.location} ${problem}.`, { code, hint, cause: error });
}

function explain(error: unknown, url: DatabaseUrl): Explanation {
  const code = codeOf(error);
  const message = describeError(error);
  const bySql = bySqlState[code];
  if (bySql) return bySql(url);
  if (tlsCodes.has(code))
    return {
      code: "CONNECT_TLS_CA",
      problem: "shows a certificate that the given CA did not sign",
      hint: "Give the provider's current CA bundle as source-ca, or sslmode=require to encrypt without verifying.",
    };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return {
      code: "CONNECT_TLS_NAME",
      problem: "shows a certificate for another host name",
      hint: "Use the name that the certificate carries, or sslmode=verify-ca.",
    };
  if (code === "CERT_HAS_EXPIRED")
    return { code: "CONNECT_TLS_EXPIRED", problem: "shows an expired certificate", hint: "Renew it at the provider." };
  if (message.includes("does not support SSL"))
    return {
      code: "CONNECT_NO_TLS",
      problem: "does not offer TLS",
      hint: "Switch TLS on at the server, or, inside a tunnel only, add sslmode=disable to the URL.",
    };
  if (message.includes("timeout")) return byErrno["ETIMEDOUT"] as Explanation;
  return (
    byErrno[code] ?? {
      code: "CONNECT_FAILED",
      problem: `could not be connected to: ${message}`,
      hint: "Check host, port, user, password, database and sslmode.",
    }
  );
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

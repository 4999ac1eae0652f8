import { MigrationError, describeError, hintOf } from "../errors.ts";
import type { DatabaseUrl } from "../postgres/database-url.ts";
import type { Finding } from "../report.ts";
import { finding } from "./check.ts";
import type { FindingCode } from "./codes.ts";
import type { ProviderProfile } from "./providers/profile.ts";

/** Codes of a refused connection that are about the login, the database or TLS; everything else is the network's. */
const codeByProblem: Readonly<Record<string, FindingCode>> = {
  CONNECT_PASSWORD: "SOURCE_LOGIN_REFUSED",
  CONNECT_REFUSED_ROLE: "SOURCE_LOGIN_REFUSED",
  CONNECT_PRIVILEGE: "SOURCE_LOGIN_REFUSED",
  CONNECT_DATABASE: "SOURCE_DATABASE_MISSING",
  CONNECT_TOO_MANY: "SOURCE_CONNECTIONS_FULL",
  CONNECT_TLS_CA: "SOURCE_TLS_FAILED",
  CONNECT_TLS_NAME: "SOURCE_TLS_FAILED",
  CONNECT_TLS_EXPIRED: "SOURCE_TLS_FAILED",
  CONNECT_NO_TLS: "SOURCE_TLS_FAILED",
  SOURCE_IS_POOLER: "SOURCE_IS_POOLER",
};

/** What keeps us from the source, with the advice of its provider where that is a better guess than the error's own. */
export function sourceProblem(error: Error, url: DatabaseUrl, profile: ProviderProfile): Finding {
  const problem = error instanceof MigrationError ? error.code : undefined;
  const code = codeByProblem[problem ?? ""] ?? "SOURCE_UNREACHABLE";
  const advice = code === "SOURCE_TLS_FAILED" ? profile.tls : code === "SOURCE_UNREACHABLE" ? profile.networkHint : "";
  const hint = hintOf(error) ?? "";
  return finding(code, {
    message: error instanceof MigrationError ? error.message : describeError(error),
    objects: [url.location],
    ...(advice === "" && hint === "" ? {} : { remedy: `${advice} ${hint}`.trim() }),
  });
}

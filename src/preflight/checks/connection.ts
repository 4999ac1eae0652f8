import type { Check } from "../check.ts";
import { finding } from "../check.ts";
import { isLocal } from "../../postgres/database-url.ts";
import { findPooler, isHerokuDatabase, readServerMarkers } from "../providers/detect.ts";
import { detectProvider } from "../providers/detect.ts";
import { sourceProblem } from "../source-problem.ts";

export const sourceConnection: Check = {
  id: "source-connection",
  title: "The source can be connected to",
  area: "source",
  needs: [],
  run(gate) {
    const { source: url, provider } = gate.inputs;
    const { profile } = detectProvider(provider, url.host);
    const isInternal = profile.internalHosts.some((pattern) => pattern.test(url.host.toLowerCase()));
    const problem = gate.sourceProblem;
    if (problem === undefined) return [];
    if (!isInternal) return [sourceProblem(problem, url, profile)];
    return [
      finding("SOURCE_HOST_INTERNAL", {
        message: `${url.host} is a host name of ${profile.name}'s internal network: ${problem.message}`,
        objects: [url.location],
        remedy: profile.networkHint,
      }),
    ];
  },
};

export const sourceIsNotHeroku: Check = {
  id: "source-provider",
  title: "The source is not Heroku's own, and belongs to the provider that was named",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, provider } = gate.source;
    if (isHerokuDatabase(await readServerMarkers(session))) {
      return [
        finding("SOURCE_IS_HEROKU", {
          message: "Names and schemas of the source are those of a Heroku Postgres database.",
          objects: [session.url.location],
          remedy: `Run: heroku pg:copy SOURCE_APP::DATABASE_URL ${gate.inputs.heroku.database} --app ${gate.inputs.heroku.app}`,
        }),
      ];
    }
    const found = provider.foundInstead;
    if (found === undefined) return { findings: [], note: `${provider.profile.name}, found by ${provider.by}` };
    return [
      finding("PROVIDER_MISMATCH", {
        message: `provider is ${provider.id}, but host or server look like ${found.name}.`,
        objects: [found.id],
        remedy: `Set provider to ${found.id} or auto.`,
      }),
    ];
  },
};

export const sourceIsPostgresql: Check = {
  id: "source-product",
  title: "The source is PostgreSQL itself",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { product } = await gate.source.catalog.server();
    const other = otherProducts.find((name) => product.includes(name));
    if (product.startsWith("PostgreSQL ") && other === undefined) return { findings: [], note: product };
    return [
      finding("SOURCE_NOT_POSTGRESQL", { message: `The server calls itself: ${product.slice(0, 200)}`, objects: [] }),
    ];
  },
};

/** As their `version()` names them; each begins with "PostgreSQL" as well. */
const otherProducts = [
  "CockroachDB",
  "Cockroach",
  "-YB-",
  "Redshift",
  "Greenplum",
  "EnterpriseDB",
  "Materialize",
  "QuestDB",
];

export const sourceIsEncrypted: Check = {
  id: "source-encryption",
  title: "The connection to the source is encrypted",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, provider } = gate.source;
    const [tls] = await session.rows<{ version: string; cipher: string }>(tlsQuery);
    if (tls !== undefined) return { findings: [], note: `${tls.version}, ${verification(session.url.sslMode)}` };
    if (isLocal(session.url.host)) return [];
    return [
      finding("SOURCE_NOT_ENCRYPTED", {
        message: `The connection to ${session.url.host} has no TLS.`,
        objects: [session.url.location],
        remedy: `Add sslmode=require to source-database-url. ${provider.profile.tls}`,
      }),
    ];
  },
};

const tlsQuery = `select version, cipher from pg_stat_ssl where pid = pg_backend_pid() and ssl`;

function verification(sslMode: string): string {
  if (sslMode === "verify-full") return "certificate and host name verified";
  return sslMode === "verify-ca" ? "certificate verified" : "certificate not verified: give source-ca to verify it";
}

/** That no pooler answers is known by now, or there would be no session: what is left is the address. */
export const sourceIsDirect: Check = {
  id: "source-pooler",
  title: "The address is the database's own, not a pooler's",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, provider } = gate.source;
    const { host, port, location } = session.url;
    const backend = await session.value<number>("select pg_backend_pid()");
    const pooler = findPooler(provider.profile, host, port);
    if (pooler === undefined) return { findings: [], note: `process ${backend} announced itself and answers` };
    const message = `${location} is the address of ${provider.profile.name}'s pooler: ${pooler}.`;
    return [finding("SOURCE_ADDRESS_OF_POOLER", { message, objects: [location] })];
  },
};

export const sourceIsPrimary: Check = {
  id: "source-primary",
  title: "The source is the primary",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog, provider } = gate.source;
    const { host, location } = session.url;
    const objects = [location];
    if (provider.profile.readers.some((pattern) => pattern.test(host.toLowerCase()))) {
      return [
        finding("SOURCE_IS_READER", { message: `${host} is a reader endpoint of ${provider.profile.name}.`, objects }),
      ];
    }
    if (!(await catalog.server()).isStandby) return [];
    const message = "The source is in recovery: it replays another server's changes.";
    const standby = finding("SOURCE_IS_STANDBY", { message, objects });
    const settings = await session.row<{ feedback: string; delay: string }>(standbyQuery);
    if (settings.feedback === "on" || settings.delay === "-1") return [standby];
    const cancels = `hot_standby_feedback is off and max_standby_streaming_delay is ${settings.delay}: queries that hold up replay are cancelled.`;
    return [standby, finding("STANDBY_MAY_CANCEL", { message: cancels, objects })];
  },
};

const standbyQuery = `
  select current_setting('hot_standby_feedback') as feedback, current_setting('max_standby_streaming_delay') as delay`;

import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Fixture, Stage } from "./fixture.ts";
import { startPgbouncer } from "../local/postgres/pgbouncer.ts";
import { createAuthority } from "../local/postgres/certificates.ts";
import { startBalancer } from "./network.ts";

/** The same database under another host's name, which resolves to this machine. */
function atHost(url: string, host: string, query = ""): string {
  return url.replace("@127.0.0.1:", `@${host}:`) + query;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function createLogin(stage: Stage, name: string, database: string): Promise<string> {
  await stage.server.query("postgres", `create role "${name}" login password 'login-password'`);
  stage.later(() => stage.server.query("postgres", `drop owned by "${name}"; drop role "${name}"`));
  return stage.server.url({ user: name, password: "login-password", database });
}

export const rdsHost = "shop.abc123.eu-west-1.rds.amazonaws.com";

export const connectionFixtures: Fixture[] = [
  {
    code: "SOURCE_UNREACHABLE",
    arrange: async () => ({ source: `postgres://u:p@127.0.0.1:${await closedPort()}/d` }),
    message: /refused the connection/u,
    remedy: /firewall/u,
  },
  {
    code: "SOURCE_UNREACHABLE",
    name: "at a provider",
    arrange: async () => ({
      source: `postgres://u:p@a1-akamai-prod-1-default.g2a.akamaidb.net:${await closedPort()}/defaultdb`,
    }),
    remedy: /An empty allow-list admits nobody/u,
  },
  {
    code: "SOURCE_HOST_INTERNAL",
    arrange: () => ({ source: "postgres://u:p@dpg-cabcdefghijklmnopqrs-a:5432/d" }),
    remedy: /host name without a dot is Render's internal one/u,
  },
  {
    code: "SOURCE_LOGIN_REFUSED",
    arrange: async (stage) => ({
      source: (await createLogin(stage, "typo", stage.database)).replace("login-password", "other"),
    }),
    message: /refused the password of typo/u,
  },
  {
    code: "SOURCE_DATABASE_MISSING",
    arrange: (stage) => ({ source: stage.server.superuserUrl("nowhere") }),
    message: /no database named nowhere/u,
  },
  {
    code: "SOURCE_TLS_FAILED",
    arrange: async (stage) => ({
      source: stage.url,
      inputs: { "source-ca": (await createAuthority("Another authority")).caPem },
    }),
    message: /certificate that the given CA did not sign/u,
  },
  {
    code: "SOURCE_CONNECTIONS_FULL",
    arrange: async (stage) => {
      const source = await createLogin(stage, "full", stage.database);
      await stage.server.query("postgres", "alter role full connection limit 0".replace("full", '"full"'));
      return { source };
    },
  },
  {
    code: "SOURCE_IS_HEROKU",
    name: "by its names",
    arrange: async ({ server, later }) => {
      await server.createOwner({ role: "u0123456789abc", database: "d0123456789abc", password: "p" });
      later(async () => {
        await server.query("postgres", "drop database d0123456789abc");
        await server.query("postgres", "drop role u0123456789abc");
      });
      const url = server.url({ user: "u0123456789abc", password: "p", database: "d0123456789abc" });
      return { source: atHost(url, "c1.cluster-abc.us-east-1.rds.amazonaws.com") };
    },
    remedy: /heroku pg:copy SOURCE_APP::DATABASE_URL DATABASE_URL --app example-app/u,
  },
  { code: "SOURCE_IS_HEROKU", name: "by its schema", sql: "create schema heroku_ext" },
  {
    code: "SOURCE_IS_TARGET",
    arrange: (stage) => ({ source: stage.targetServer.superuserUrl(stage.target.database) }),
  },
  {
    code: "SOURCE_NOT_POSTGRESQL",
    sql: `set allow_system_table_mods = on;
          create or replace function pg_catalog.version() returns text language sql stable
            as $$ select 'PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu' $$;`,
    message: /YB-2\.20/u,
  },
  {
    code: "SOURCE_NOT_ENCRYPTED",
    arrange: (stage) => ({ source: atHost(stage.url, "db.example.com", "?sslmode=disable") }),
    remedy: /sslmode=require/u,
  },
  {
    code: "SOURCE_IS_POOLER",
    arrange: async (stage) => {
      const source = new URL(await createLogin(stage, "pooled", stage.database));
      const pgbouncer = await startPgbouncer({
        server: stage.server,
        users: [{ user: "pooled", password: "login-password" }],
      });
      stage.later(() => pgbouncer.stop());
      source.port = String(pgbouncer.port);
      return { source: source.href };
    },
    message: /is a connection pooler/u,
  },
  {
    code: "SOURCE_ADDRESS_OF_POOLER",
    name: "by port",
    arrange: async (stage) => {
      const balancer = await startBalancer([stage.server.port], 25061);
      stage.later(() => balancer[Symbol.asyncDispose]());
      const host = "shop-do-user-1-0.b.db.ondigitalocean.com";
      return { source: atHost(stage.url, host).replace(`:${stage.server.port}/`, ":25061/") };
    },
    message: /DigitalOcean's pooler/u,
  },
  {
    code: "SOURCE_ADDRESS_OF_POOLER",
    name: "by host",
    arrange: (stage) => ({ source: atHost(stage.url, "shop.proxy-abc123.eu-west-1.rds.amazonaws.com") }),
    message: /RDS Proxy/u,
  },
  {
    code: "SOURCE_IS_READER",
    arrange: (stage) => ({ source: atHost(stage.url, "shop.cluster-ro-abc123.eu-west-1.rds.amazonaws.com") }),
  },
  {
    code: "PROVIDER_MISMATCH",
    arrange: (stage) => ({ source: atHost(stage.url, rdsHost), inputs: { provider: "azure" } }),
    remedy: /Set provider to aws-rds or auto/u,
  },
  {
    code: "SOURCE_MAJOR_UNTESTED",
    sql: `set allow_system_table_mods = on;
          create or replace function pg_catalog.current_setting(text) returns text language sql stable
            as $$ select case when $1 = 'server_version_num' then '130021' else pg_catalog.current_setting($1, false) end $$;`,
    message: /PostgreSQL 13/u,
  },
];

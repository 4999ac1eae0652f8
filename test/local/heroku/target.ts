import { randomBytes } from "node:crypto";
import type { PostgresServer } from "../postgres/servers.ts";
import type { DatabaseConnection } from "./connection.ts";

/**
 * Makes a database as Heroku hands it out, on a local server: `u…` owns `d…` and is nobody else. The function it returns
 * is the `connect` of `startHeroku`'s databases, right after a restart of the server too.
 */
export async function createTarget(
  server: PostgresServer,
  options: { tls?: boolean } = {},
): Promise<() => DatabaseConnection> {
  const name = randomBytes(6).toString("hex");
  const owner = { user: `u${name}`, password: `p${randomBytes(12).toString("hex")}` };
  const database = `d${name}`;
  await server.createOwner({ role: owner.user, password: owner.password, database });
  return () => {
    const superuser = new URL(server.superuserUrl(database));
    return {
      host: server.host,
      port: server.port,
      database,
      superuser: { user: decodeURIComponent(superuser.username), password: decodeURIComponent(superuser.password) },
      owner,
      tls: options.tls ?? false,
    };
  };
}

import { Client } from "pg";

export type Login = { user: string; password: string };

/** Where a Heroku database really lives: a database on a local PostgreSQL server. */
export type DatabaseConnection = {
  host: string;
  port: number;
  database: string;
  superuser: Login;
  /** The role that Heroku hands out: may create in the database, no superuser. */
  owner: Login;
  /** The server wants TLS; its certificate is not checked, as Heroku's classic plans make everybody do. */
  tls?: boolean;
};

/** A session on the database, ended when `work` is. */
export async function withSession<T>(
  connection: DatabaseConnection,
  login: Login,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { host, port, database } = connection;
  const ssl = connection.tls === true ? { rejectUnauthorized: false } : false;
  const client = new Client({ host, port, database, ...login, ssl, connectionTimeoutMillis: 10_000 });
  // A reset ends other sessions of the database; their error event must not end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The URL that the app finds in its config vars. */
export function ownerUrl(connection: DatabaseConnection): string {
  const { user, password } = connection.owner;
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${login}@${connection.host}:${connection.port}/${encodeURIComponent(connection.database)}`;
}

/** The environment of pg_restore and pg_dump: nothing of ours but what they need. The password is in it, never in argv. */
export function clientEnvironment(connection: DatabaseConnection, login: Login): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    LC_ALL: "C",
    PGPASSWORD: login.password,
    PGSSLMODE: connection.tls === true ? "require" : "prefer",
  };
}

/** Arguments of both programs that name the database. */
export function clientArguments(connection: DatabaseConnection, login: Login): string[] {
  const { database, host, port } = connection;
  return [`--host=${host}`, `--port=${port}`, `--username=${login.user}`, "--no-password", `--dbname=${database}`];
}

export async function readMajor(connection: DatabaseConnection): Promise<number> {
  return withSession(connection, connection.superuser, async (client) => {
    const { rows } = await client.query<{ major: number }>(majorQuery);
    return rows[0]!.major;
  });
}

const majorQuery = `select current_setting('server_version_num')::integer / 10000 as "major"`;

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type MadeUpExtension, writeExtension } from "../postgres/extensions.ts";
import type { PostgresServer } from "../postgres/servers.ts";
import { type ProviderSource, providerSources } from "./providers.ts";

export function sourceOf(provider: string): ProviderSource {
  const source = providerSources[provider];
  if (source === undefined) throw new Error(`The provider is one of ${Object.keys(providerSources).join(", ")}.`);
  return source;
}

/** Makes a running server look like a provider's, until disposed. The server must have been started with `extensions`. */
export async function dressAs(server: PostgresServer, provider: string): Promise<AsyncDisposable> {
  const { roles, databases, ...source } = sourceOf(provider);
  const offered = listStubs(source);
  const folder = await extensionFolder(server);
  for (const extension of offered) await writeExtension(folder, extension);
  for (const role of roles) await server.query("postgres", `create role "${role}"`);
  for (const database of databases) await server.query("postgres", `create database "${database}"`);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const database of databases) await server.query("postgres", `drop database "${database}"`);
      for (const role of roles) await server.query("postgres", `drop role "${role}"`);
      for (const { name } of offered) await rm(join(folder, `${name}.control`));
    },
  };
}

function listStubs({
  agents,
  offered,
  installed,
  stop,
}: Omit<ProviderSource, "roles" | "databases">): MadeUpExtension[] {
  const all = [...agents, ...offered, ...installed, ...(stop === undefined ? [] : [stop.extension])];
  const stubs = all.filter((extension) => typeof extension !== "string");
  return [...new Map(stubs.map((extension) => [extension.name, extension])).values()];
}

async function extensionFolder(server: PostgresServer): Promise<string> {
  const rows = await server.query<{ share: string }>(
    "postgres",
    "select setting as share from pg_config where name = 'SHAREDIR'",
  );
  return join(rows[0]?.share ?? "", "extension");
}

/** Installs extensions as the provider would for its customer, who may not do it himself. */
export async function install(
  server: PostgresServer,
  database: string,
  extensions: readonly (string | MadeUpExtension)[],
): Promise<void> {
  const names = extensions.map((extension) => (typeof extension === "string" ? extension : extension.name));
  for (const name of names) await server.query(database, `create extension "${name}"`);
}

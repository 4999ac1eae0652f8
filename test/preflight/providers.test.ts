import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { usuallyOffered } from "../../src/preflight/extension-classes.ts";
import type { PreflightResult } from "../../src/preflight/preflight.ts";
import type { DatabaseUrl } from "../../src/postgres/database-url.ts";
import { renderExtensionsDiff } from "../../src/report/extensions-diff.ts";
import type { MadeUpExtension } from "../local/postgres/extensions.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { resolveHere } from "./network.ts";
import { type ProviderScene, providerScenes } from "./provider-scenes.ts";
import { codesOf, createTarget, goodRunner, runScene } from "./scene.ts";

let targetServer: PostgresServer;
let target: DatabaseUrl;
let putBack: () => void;

/** A target as Heroku's: its allow-list decides, not what is marked as trusted. */
beforeAll(async () => {
  putBack = resolveHere((host) => providerScenes.some((scene) => scene.host === host));
  const added = [stub("postgis", "3.5.7"), stub("vector", "0.8.1")];
  const settings = { "extwlist.extensions": usuallyOffered.join(",") };
  targetServer = await startPostgres({ major: 17, extensions: { added }, settings });
  target = await createTarget(targetServer, "target");
});

afterAll(async () => {
  putBack();
  await targetServer?.stop();
});

function stub(name: string, version: string): MadeUpExtension {
  return {
    name,
    version,
    sql: `create function ${name}_version() returns text language sql as 'select ''${version}''';`,
  };
}

describe.each(providerScenes.map((scene) => ({ provider: scene.provider, scene })))("$provider", ({ scene }) => {
  test("is told by its host, or else by its server's markers; its own things are left out", async () => {
    await using server = await startScene(scene);
    const url = server.url({
      user: scene.user,
      password: "scene-password",
      database: scene.database,
      host: scene.host,
    });
    const byHost = await look(url);
    expect(byHost.source).toMatchObject({ provider: scene.provider });
    expectExtensions(scene, byHost);
    const byMarkers = await look(url.replace(scene.host, "127.0.0.1"));
    const isMarked = Object.keys(scene.markers).length > 0;
    expect(byMarkers.source?.provider).toBe(isMarked ? scene.provider : "generic");
    if (isMarked) expectExtensions(scene, byMarkers);
  });
});

function look(source: string): Promise<PreflightResult> {
  return runScene({ source, target, runner: { ...goodRunner, client: { major: 17, version: "17.5" } } });
}

function expectExtensions(scene: ProviderScene, result: PreflightResult): void {
  const rows = result.extensions ?? [];
  for (const { name, version, action, class: kind } of scene.extensions) {
    const row = rows.find((each) => each.name === name);
    expect(row, name).toMatchObject({
      action,
      class: kind,
      ...(version === undefined ? {} : { sourceVersion: version }),
    });
  }
  expect(codesOf(result).filter((code) => code.startsWith("COULD_NOT_CHECK"))).toEqual([]);
  const expected = new Set(scene.codes);
  const extensionCodes = codesOf(result).filter((code) => code.startsWith("EXTENSION"));
  expect(new Set(extensionCodes)).toEqual(expected);
  expect(result.verdict === "blocked").toBe(scene.verdict === "blocked");
  const leftOut = scene.extensions.filter(({ action }) => action === "leave-out").map(({ name }) => name);
  expect(result.leaveOut.extensions).toEqual(expect.arrayContaining(leftOut));
  expect(renderExtensionsDiff(rows)).toContain("`plpgsql`");
}

async function startScene(scene: ProviderScene): Promise<PostgresServer> {
  const stubs = scene.extensions.flatMap(({ name, version }) =>
    version === undefined ? [] : [stub(name.replaceAll("-", "_"), version)],
  );
  const available = (scene.markers.available ?? [])
    .filter((name) => !stubs.some((each) => each.name === name))
    .map((name) => stub(name, "1.0"));
  const server = await startPostgres({
    major: scene.major,
    tls: true,
    settings: { autovacuum: "off" },
    extensions: { added: [...stubs, ...available], hidden: stubs.map(({ name }) => name) },
  });
  await server.createOwner({ role: scene.user, database: scene.database, password: "scene-password" });
  for (const role of scene.markers.roles ?? []) await server.query("postgres", `create role ${role}`);
  for (const database of scene.markers.databases ?? []) await server.query("postgres", `create database ${database}`);
  for (const { name } of scene.extensions) await server.query(scene.database, `create extension "${name}"`);
  await server.query(scene.database, "create table orders (id int primary key); analyze");
  await server.query(scene.database, `alter table orders owner to "${scene.user}"`);
  return server;
}

test("an Aiven-based server whose vendor nothing tells is named as such, and its agent left out", async () => {
  await using server = await startPostgres({ major: 17, extensions: { added: [stub("aiven_extras", "1.1.21")] } });
  await server.createOwner({ role: "somebody", database: "defaultdb", password: "p" });
  await server.query("defaultdb", "create extension aiven_extras");
  const result = await look(server.url({ user: "somebody", password: "p", database: "defaultdb" }));
  expect(result.source).toMatchObject({ provider: "generic", providerName: "Aiven-based (vendor unknown)" });
  expect(result.leaveOut.extensions).toEqual(["aiven_extras"]);
});

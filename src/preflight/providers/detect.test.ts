import { describe, expect, test } from "vitest";
import { type ServerMarkers, detectProvider, findPooler, isHerokuDatabase } from "./detect.ts";
import { profileOf, profiles } from "./profiles.ts";

const nothing: ServerMarkers = {
  user: "u",
  database: "d",
  roles: [],
  databases: [],
  settings: [],
  functions: [],
  schemas: ["public"],
  availableExtensions: [],
};

describe("by host", () => {
  test.each([
    ["shop.abc.eu-west-1.rds.amazonaws.com", "aws-rds"],
    ["shop.abc.rds.cn-north-1.amazonaws.com.cn", "aws-rds"],
    ["shop.cluster-abc.eu-west-1.rds.amazonaws.com", "aws-rds"],
    ["/cloudsql/project:region:shop", "google-cloud-sql"],
    ["x.sql.goog", "google-cloud-sql"],
    ["Shop.Postgres.Database.Azure.com", "azure"],
    ["shop.postgres.database.usgovcloudapi.net", "azure"],
    ["private-a1-akamai-prod-1-default.g2a.akamaidb.net", "linode"],
    ["lin-1-1.servers.linodedb.net", "linode"],
    ["public-shop-abcdefghijkl.db.upclouddatabases.com", "upcloud"],
    ["dpg-cabcdefghijklmnopqrs-a", "render"],
    ["dpg-cabcdefghijklmnopqrs-a.oregon-postgres.render.com", "render"],
    ["private-shop-do-user-1-0.b.db.ondigitalocean.com", "digitalocean"],
    ["public-vultr-prod-1-vultr-prod-2.vultrdb.com", "vultr"],
    ["shop-project.b.aivencloud.com", "aiven"],
    ["db.example.com", "generic"],
    ["rds.amazonaws.com.evil.example", "generic"],
  ])("%s is %s", (host, id) => {
    expect(detectProvider("auto", host).id).toBe(id);
  });
});

describe("by markers", () => {
  test.each<[Partial<ServerMarkers>, string]>([
    [{ settings: ["rds.extensions"] }, "aws-rds"],
    [{ functions: ["aurora_version"] }, "aws-rds"],
    [{ settings: ["cloudsql.logical_decoding"] }, "google-cloud-sql"],
    [{ settings: ["alloydb.enable_pgaudit"] }, "google-cloud-sql"],
    [{ settings: ["azure.extensions"] }, "azure"],
    [{ databases: ["_dodb"] }, "digitalocean"],
    [{ databases: ["defaultdb"], roles: ["vultradmin"] }, "vultr"],
    [{ settings: ["extwlist.extensions"], roles: ["upadmin"] }, "upcloud"],
  ])("%j", (markers, id) => {
    expect(detectProvider("auto", "10.0.0.1", { ...nothing, ...markers })).toMatchObject({ id, by: "markers" });
  });

  test("the family without a vendor is called so", () => {
    const match = detectProvider("auto", "10.0.0.1", { ...nothing, availableExtensions: ["aiven_extras"] });
    expect(match.profile.name).toBe("Aiven-based (vendor unknown)");
    expect(match.profile.leaveOut.extensions).toEqual(["aiven_extras"]);
  });
});

test("the input wins, and what was found instead is told", () => {
  const match = detectProvider("render", "shop.postgres.database.azure.com");
  expect(match).toMatchObject({ id: "render", by: "input", foundInstead: { id: "azure" } });
  expect(detectProvider("generic", "shop.postgres.database.azure.com").foundInstead).toBeUndefined();
});

test("Heroku is known by its generated names or its schemas, not by its host", () => {
  expect(isHerokuDatabase({ user: "u0123456789abc", database: "d0123456789abc", schemas: [] })).toBe(true);
  expect(isHerokuDatabase({ user: "uadmin", database: "d0123456789abc", schemas: [] })).toBe(false);
  expect(isHerokuDatabase({ user: "x", database: "y", schemas: ["public", "_heroku"] })).toBe(true);
});

test("poolers are known by port or host", () => {
  expect(findPooler(profileOf("digitalocean"), "h", 25061)).toMatch(/pool/u);
  expect(findPooler(profileOf("digitalocean"), "h", 25060)).toBeUndefined();
  expect(findPooler(profileOf("azure"), "h", 6432)).toBeDefined();
  expect(findPooler(profileOf("aws-rds"), "x.proxy-abc.eu-west-1.rds.amazonaws.com", 5432)).toBe("RDS Proxy");
});

test("every provider of the input has a profile with advice", () => {
  for (const profile of profiles) {
    expect(profileOf(profile.id)).toBe(profile);
    expect(profile.networkHint.length).toBeGreaterThan(20);
    expect(profile.majors[0]).toBeLessThan(profile.majors[1]);
  }
});

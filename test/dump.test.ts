import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillShop } from "./local/demo/fill.ts";
import type { Bucket } from "./local/bucket/bucket.ts";
import { withDatabase } from "./local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "./local/postgres/servers.ts";
import { clientOf, dumpBoth, listDifferences, startArchiveBucket } from "./dump/rig.ts";

let server: PostgresServer;
let bucket: Bucket;

beforeAll(async () => {
  [server, bucket] = await Promise.all([startPostgres({ major: 15 }), startArchiveBucket()]);
});
afterAll(async () => {
  await server.stop();
  await bucket.close();
});

test("the shop", () =>
  withDatabase(server, {}, async (database) => {
    await fillShop(server.superuserUrl(database), 20_000);
    const comparison = await dumpBoth({
      url: server.superuserUrl(database),
      bucket,
      client: await clientOf(15),
      sourceMajor: 15,
    });
    expect(listDifferences(comparison)).toEqual([]);
    expect(comparison.ours.blocks.length).toBeGreaterThan(8);
  }));

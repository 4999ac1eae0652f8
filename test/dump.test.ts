import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute, fillShop } from "./local/demo/fill.ts";
import type { Bucket } from "./local/bucket/bucket.ts";
import type { Major } from "./local/postgres/binaries.ts";
import { withDatabase } from "./local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "./local/postgres/servers.ts";
import { oddExtension, oddities } from "./dump/oddities.ts";
import { randomSchema } from "./dump/random-schema.ts";
import { clientOf, dumpBoth, listDifferences, startArchiveBucket } from "./dump/rig.ts";

/** Tables of some hundred rows are cut into slices, slices into pieces, and the window is always full. */
const tinySizes = { sliceBytes: 40_000, pieceBytes: 7_000, windowBytes: 50_000 };

/** Random schemas in the suite; more with the environment variable. */
const randomSchemas = Number(process.env["RANDOM_SCHEMAS"] ?? 200);

/** Every client that is to be had, against servers of its own major and of older ones. */
const pairs: readonly [server: Major, clients: readonly number[]][] = [
  [14, [15]],
  [15, [15, 17]],
  [16, [18]],
  [17, [17]],
  [18, [18]],
];

describe.each(pairs)("server %i", (major, clients) => {
  let server: PostgresServer;
  let bucket: Bucket;

  beforeAll(async () => {
    const extensions = { added: [oddExtension] };
    [server, bucket] = await Promise.all([startPostgres({ major, extensions }), startArchiveBucket()]);
  });
  afterAll(async () => {
    await server.stop();
    await bucket.close();
  });

  test.each(clients)("oddities come out as from pg_dump %i", (client) =>
    withDatabase(server, {}, async (database) => {
      const url = server.superuserUrl(database);
      for (const sql of oddities(major)) await execute(url, sql);
      const job = { url, bucket, client: await clientOf(client), sourceMajor: major };
      expect(listDifferences(await dumpBoth(job))).toEqual([]);
      const inSlices = await dumpBoth({ ...job, sizes: tinySizes, inputs: { jobs: "4" } });
      expect(listDifferences(inSlices)).toEqual([]);
      expect(inSlices.dumped.blocks.some((block) => block.slices.length > 8)).toBe(true);
    }),
  );
});

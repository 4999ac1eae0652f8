import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { startBucketProcess } from "../local/bucket/bucket-process.ts";
import { availableClients } from "../local/postgres/clients.ts";
import { createDatabase, dropDatabase } from "../local/postgres/databases.ts";
import { startPostgres } from "../local/postgres/servers.ts";
import { clientOf } from "../dump/rig.ts";
import { bundleWay } from "./bundle.ts";
import { fillDatabase, fillSmallTables } from "./data.ts";
import { type Bench, type Database, measure } from "./measure.ts";
import { emptyResults, readResults, samplesOf, writeResults } from "./results.ts";
import type { Subject } from "./results.ts";
import { printSummary } from "./summary.ts";
import type { WayName } from "./way.ts";

// npm run bench -- --size 2GB --runs 3: how long we and others take for the same rows, and what it costs.

const help = `Options:
  --size 2GB          bytes of tables and TOAST on disk (default 2GB)
  --runs 3            runs of ours and of pg_dump's (default 3); the other rivals run once
  --jobs 4            highest number of readers in the suite "jobs" (default 4)
  --only rivals,jobs  suites: rivals, jobs, tiny, verify, sizes, memory (default rivals,jobs,tiny,verify)
  --sizes 0.25GB,1GB  databases of the suite "sizes"
  --memory 8GB        database of the suite "memory"
  --results FILE      where the numbers go (default test/bench/results/latest.json)
  --fresh             do not go on with an earlier, unfinished file`;

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "2GB" },
    runs: { type: "string", default: "3" },
    jobs: { type: "string", default: "4" },
    only: { type: "string", default: "rivals,jobs,tiny,verify" },
    sizes: { type: "string", default: "0.25GB,0.5GB,1GB,4GB" },
    memory: { type: "string", default: "8GB" },
    results: { type: "string", default: fileURLToPath(new URL("results/latest.json", import.meta.url)) },
    fresh: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function parseSize(text: string): number {
  const match = /^([\d.]+)\s*(MB|GB)$/iu.exec(text);
  if (!match) throw new Error(`${text} is no size such as 500MB or 2GB`);
  return Number(match[1]) * (match[2]?.toUpperCase() === "GB" ? 1e9 : 1e6);
}

/** Nothing else in the background, and a cache as a small server has it. */
const serverSettings = {
  shared_buffers: "512MB",
  max_wal_size: "8GB",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
  jit: "off",
};

async function main(): Promise<void> {
  if (options.help) {
    console.log(help);
    return;
  }
  const runs = Number(options.runs);
  const suites = new Set(options.only.split(","));
  await using parts = new AsyncDisposableStack();
  const server = parts.use(await startPostgres({ major: 15, settings: serverSettings }));
  const credentials = { accessKeyId: "AKIDEXAMPLE00000", secretAccessKey: "secretsecretsecret" };
  const quick = { storage: "discard", md5: false, verifyPayload: false } as const;
  const bucket = parts.use(await startBucketProcess({ bucket: "migrations", ...quick, ...credentials }));
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const client = await clientOf(15);
  const newest = Math.max(...(await availableClients()));
  const newerClient = newest >= 16 ? await clientOf(newest) : undefined;
  const clients = { pg_dump: client.version, ...(newerClient && { "pg_dump zstd": newerClient.version }) };
  const found = options.fresh ? undefined : await readResults(options.results);
  const [version] = await server
    .query<{ version: string }>("postgres", "show server_version as version")
    .catch(() => []);
  const results = found ?? emptyResults(version?.version ?? "15", clients);
  const program = await bundleWay(folder);
  const bench: Bench = { server, bucket, credentials, client, newerClient, program, results };

  const repeat = async (database: () => Promise<Database>, plan: readonly [Omit<Subject, "sizeBytes">, number][]) => {
    const missing = async (): Promise<boolean> => {
      const { bytes } = await database();
      let isAny = false;
      for (const [subject, wanted] of plan) {
        const complete = { ...subject, sizeBytes: bytes };
        if (samplesOf(results, complete).length >= wanted) continue;
        const sample = await measure(bench, await database(), complete);
        results.samples.push(sample);
        await writeResults(options.results, results);
        const { seconds, cpuSeconds, archiveBytes, peakBytes } = sample;
        console.log(
          `${subject.suite} ${subject.way} jobs ${subject.jobs}: ${seconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s, ${(archiveBytes / 1e6).toFixed(0)} MB, peak ${(peakBytes / 1e6).toFixed(0)} MB`,
        );
        isAny = true;
      }
      return isAny;
    };
    // In turn, so that what disturbs the machine disturbs all of them.
    while (await missing());
  };

  const withData = async (bytes: number, use: (database: () => Promise<Database>) => Promise<void>): Promise<void> => {
    let made: Database | undefined;
    const make = async (): Promise<Database> => {
      if (made !== undefined) return made;
      const name = await createDatabase(server);
      const startedAt = performance.now();
      if (bytes === 0) await fillSmallTables(server.superuserUrl(name), 5000);
      else await fillDatabase(server.superuserUrl(name), { bytes, smallTables: 2000 });
      console.log(`filled ${bytes / 1e9} GB in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
      return (made = { name, bytes });
    };
    await use(make);
    if (made !== undefined) await dropDatabase(server, made.name);
  };

  const rival = (way: WayName): Omit<Subject, "sizeBytes"> => ({
    suite: "rivals",
    way,
    jobs: way === "directory" ? 2 : "auto",
  });
  const bytes = parseSize(options.size);
  await withData(bytes, async (database) => {
    const others: WayName[] = ["directory", "psql-copy", ...(newerClient ? (["zstd", "ours-zstd"] as const) : [])];
    if (suites.has("rivals")) {
      const repeated = (["ours", "piped", "to-disk"] as const).map((way) => [rival(way), runs] as const);
      await repeat(
        database,
        [...repeated, ...others.map((way) => [rival(way), 1] as const)].map(([a, b]) => [a, b]),
      );
    }
    if (suites.has("jobs")) {
      const counts = Array.from({ length: Number(options.jobs) }, (_, index) => index + 1);
      await repeat(
        database,
        counts.map((jobs) => [{ suite: "jobs", way: "ours", jobs }, 1]),
      );
    }
    if (suites.has("verify")) {
      const ways = ["verify-full", "verify-counts", "psql-count"] as const;
      await repeat(
        database,
        ways.map((way) => [{ suite: "verify", way, jobs: "auto" }, runs]),
      );
    }
  });
  if (suites.has("tiny"))
    await withData(0, (database) =>
      repeat(database, [
        [{ suite: "tiny", way: "ours", jobs: "auto" }, runs],
        [{ suite: "tiny", way: "piped", jobs: "auto" }, runs],
      ]),
    );
  if (suites.has("sizes"))
    for (const size of options.sizes.split(",").map(parseSize))
      await withData(size, (database) =>
        repeat(database, [
          [{ suite: "sizes", way: "ours", jobs: "auto" }, 1],
          [{ suite: "sizes", way: "piped", jobs: "auto" }, 1],
        ]),
      );
  if (suites.has("memory"))
    await withData(parseSize(options.memory), (database) =>
      repeat(database, [[{ suite: "memory", way: "ours", jobs: "auto" }, 1]]),
    );
  printSummary(results);
}

await main();

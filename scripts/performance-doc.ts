// Writes docs/performance.md from the numbers that `npm run bench` has left. `--check` only compares.
import { readFile, writeFile } from "node:fs/promises";
import { measureCosts, modelRunner } from "../test/bench/model.ts";
import { type Results, readResults } from "../test/bench/results.ts";
import { type SummaryLine, summarize } from "../test/bench/summary.ts";

const resultsFile = new URL("../test/bench/results/latest.json", import.meta.url).pathname;
const document = new URL("../docs/performance.md", import.meta.url).pathname;

const wayNames: Readonly<Record<string, string>> = {
  ours: "this action",
  "ours-zstd": "this action, `compression: zstd`",
  piped: "`pg_dump -Fc`, piped into the same uploader",
  "to-disk": "`pg_dump -Fc` to disk, then uploaded (the guides' way)",
  directory: "`pg_dump -Fd -j 2` to disk, not uploaded; Heroku cannot read it",
  zstd: "`pg_dump -Fc -Z zstd:3` to disk, not uploaded",
  "verify-full": "this action's verification: every object, every row hashed, on up to four sessions",
  "verify-counts": "this action's verification, `verify: counts`",
  "psql-count": "`psql`: `select count(*)` of every table, one connection",
  "psql-copy": "`psql \\copy` of every table to /dev/null: the server's limit on one connection",
};

function renderRivals(results: Results): string {
  return table(
    ["way", "seconds", "to piped", "to the guides' way", "archive", "CPU s", "server CPU s", "peak memory", "disk"],
    summarize(results, "rivals").map((line) => [
      wayNames[line.way] ?? line.way,
      line.seconds,
      ratio(line.toPiped),
      ratio(line.toDisk),
      line.archiveMegabytes === 0 ? "–" : `${megabytes(line.archiveMegabytes)} (${ratio(line.archiveToPiped)})`,
      line.cpuSeconds.toFixed(1),
      line.serverCpuSeconds.toFixed(1),
      megabytes(line.peakMegabytes),
      megabytes(line.diskMegabytes),
    ]),
  );
}

function renderJobs(results: Results): string {
  return table(
    ["jobs", "seconds", "CPU s", "peak memory"],
    summarize(results, "jobs").map((line) => [
      String(line.jobs),
      line.seconds,
      line.cpuSeconds.toFixed(1),
      megabytes(line.peakMegabytes),
    ]),
  );
}

function renderPairs(lines: readonly SummaryLine[]): string {
  return table(
    ["GB on disk", "way", "seconds", "to piped", "peak memory"],
    lines.map((line) => [
      (line.sizeBytes / 1e9).toString(),
      wayNames[line.way] ?? line.way,
      line.seconds,
      ratio(line.toPiped),
      megabytes(line.peakMegabytes),
    ]),
  );
}

function renderTiny(results: Results): string {
  return table(
    ["way", "seconds", "to piped", "CPU s", "peak memory"],
    summarize(results, "tiny").map((line) => [
      wayNames[line.way] ?? line.way,
      line.seconds,
      ratio(line.toPiped),
      line.cpuSeconds.toFixed(1),
      megabytes(line.peakMegabytes),
    ]),
  );
}

function renderVerification(results: Results): string {
  return table(
    ["way", "seconds", "to count(\\*)", "server CPU s", "peak memory"],
    summarize(results, "verify").map((line) => [
      wayNames[line.way] ?? line.way,
      line.seconds,
      ratio(line.toCount),
      line.serverCpuSeconds.toFixed(1),
      megabytes(line.peakMegabytes),
    ]),
  );
}

function renderModel(results: Results): string {
  const costs = measureCosts(results);
  if (costs === undefined) return "Not measured yet.";
  const rows = modelRunner(costs, 8, 16).filter(({ jobs }) => [1, 2, 3, 4, 6, 8, 12, 16].includes(jobs));
  const measured = `server ${costs.server.toFixed(1)} s, readers ${costs.readers.toFixed(1)} s, main thread ${costs.main.toFixed(1)} s of one core per GB of rows`;
  return `${measured}.\n\n${table(
    ["jobs", "MB of rows per second", "held back by"],
    rows.map(({ jobs, megabytesPerSecond, limit }) => [String(jobs), megabytesPerSecond.toFixed(0), limit]),
  )}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "Not measured yet.";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function ratio(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(2);
}

function megabytes(value: number): string {
  return value === 0 ? "0" : `${value.toFixed(0)} MB`;
}

function render(results: Results): string {
  const { processors, memoryBytes, node } = results.machine;
  const memory = `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const clients = Object.entries(results.clients).map(([name, version]) => `${name} ${version}`);
  const largest = summarize(results, "memory");
  const usual = summarize(results, "rivals").filter(({ way }) => way === "ours");
  const sizes = summarize(results, "sizes");
  return `# Performance

<!-- Written by scripts/performance-doc.ts from test/bench/results/latest.json. Do not edit. -->

Measured with \`npm run bench\` on ${processors} processors, which the server, the dump and the bucket share, with ${memory} of memory; Node ${node},
PostgreSQL ${results.server}, ${clients.join(", ")}; started ${results.startedAt.slice(0, 10)}. Absolute seconds say little about another machine; the ratios
between ways that ran in turn do. Several runs: median (lowest–highest). CPU is of the dumping process and its children; memory is the highest sum over all of them.

## The same rows, several ways

One table with 60 % of the bytes (events), prose and documents in TOAST, images, narrow rows (readings, orders), 2,000 small tables, large objects.

${renderRivals(results)}

## Readers

${renderJobs(results)}

## Five thousand tiny tables

${renderTiny(results)}

## Sizes

${renderPairs(sizes)}

Memory does not grow with the database:

${renderPairs([...usual, ...largest])}

## Verification

What reading the same database as a target costs, beside what everybody could ask of it. The source's side is read while Heroku restores.

${renderVerification(results)}

## A larger runner: a model

**Computed, not measured.** From the costs above, for a runner of 8 cores and a server elsewhere that gives every connection one core:
${renderModel(results)}

## Why these defaults

- **Compression, chosen by table.** Deflate is what most of the time goes into, so each table's rows are tried on a sample: the quickest of Huffman codes alone and levels
  1, 2, 4 and 5 whose result is at most an eighth larger than level 6's (pg_dump's default) is used, else 6. On this page's rows, in the order above, level 1 came out 1.08, 1.13, 1.00, 1.12 and
  1.10 of level 6's size at 2.4, 3.3, 1.3, 5.0 and 3.1 times its speed; level 4 at most 1.04 at 1.2 to 3.4 times; level 3 took the time of 4 for a larger result. Images
  printed as hexadecimal digits took Huffman codes alone: 0.94 of the size at 4.7 times the speed. \`compression-level\` sets one level for all.
- **Jobs: one reader more than processors.** Reading and compressing happen on the reader's own thread; the one more works while another waits for the server. Where the source
  answers on the runner itself, as here, there is no such wait, and it is as many as processors: one more gains next to nothing (above). Each costs some 55 MB of memory and a
  connection, of which the source must have enough left.
- **No other deflate.** Every archive must be readable by any inflate, and a native add-on cannot be bundled. Of packages that can, zlib compiled to WebAssembly (@zip.js/zip.js) ran
  at Node's own speed for results 2 to 6 % larger, and fflate at half of it or less.
- **zstd** is quicker and smaller than all of it, and only for those who know that what restores the archive is a pg_restore of 16 or newer built with it.
`;
}

const results = await readResults(resultsFile);
if (results === undefined) throw new Error("run npm run bench first");
const text = render(results);
if (process.argv.includes("--check")) {
  if ((await readFile(document, "utf8")) !== text)
    throw new Error("docs/performance.md is out of date: node scripts/performance-doc.ts");
} else {
  await writeFile(document, text);
}

import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One call of a program that a step started. */
export interface Call {
  program: string;
  argv: string[];
  /** Of curl: what it was asked to send, with headers read from files as curl does. */
  method?: string;
  url?: string;
  headers?: string[];
  body?: unknown;
}

export interface FakeClouds {
  /** Goes first on the PATH of the steps. */
  folder: string;
  calls: () => Promise<Call[]>;
}

/** The address that "this runner" has. */
export const runnerAddress = "203.0.113.7";

/**
 * Stand-ins for curl, aws, az and sha256sum, which record how they are called, and a short sleep. curl keeps one JSON document per
 * URL: a PUT or PATCH is merged into it where a GET found it (`wrap` is where the provider nests what it takes flat).
 */
export async function makeFakeClouds(
  folder: string,
  documents: Record<string, unknown>,
  wrap = "",
): Promise<FakeClouds> {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(folder, "documents.json"), JSON.stringify(documents));
  await writeFile(join(folder, "calls.jsonl"), "");
  const script = (name: string): string =>
    `#!${process.execPath}\n${commonSource(folder, name)}\n${name === "curl" ? curlSource(wrap) : name === "sleep" ? "setTimeout(() => {}, 100);" : ""}`;
  for (const name of ["curl", "aws", "az", "sha256sum", "sleep"]) {
    await writeFile(join(bin, name), script(name));
    await chmod(join(bin, name), 0o755);
  }
  return {
    folder: bin,
    calls: async () =>
      (await readFile(join(folder, "calls.jsonl"), "utf8"))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Call),
  };
}

function commonSource(folder: string, program: string): string {
  return `
const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
const folder = ${JSON.stringify(folder)};
const argv = process.argv.slice(2);
const record = (more = {}) =>
  appendFileSync(folder + "/calls.jsonl", JSON.stringify({ program: ${JSON.stringify(program)}, argv, ...more }) + "\\n");
if (!["curl", "sleep"].includes(${JSON.stringify(program)})) record();`;
}

/** Enough of curl for the examples: method, headers (also from a file), data, output and the URL. */
function curlSource(wrap: string): string {
  return `
const options = { headers: [] };
for (let at = 0; at < argv.length; at += 1) {
  if (argv[at] === "-X") options.method = argv[++at];
  else if (argv[at] === "-H") options.headers.push(argv[at + 1].startsWith("@") ? readFileSync(argv[++at].slice(1), "utf8").trim() : argv[++at]);
  else if (argv[at] === "--data") options.body = JSON.parse(argv[++at]);
  else if (argv[at] === "-o") options.output = argv[++at];
  else if (argv[at] === "--retry") at += 1;
  else if (argv[at].startsWith("https://")) options.url = argv[at];
}
record(options);
const print = (text) => (options.output ? writeFileSync(options.output, text) : process.stdout.write(text));
const merge = (into, from) => {
  for (const [key, value] of Object.entries(from)) {
    if (value && typeof value === "object" && !Array.isArray(value)) into[key] = merge(into[key] ?? {}, value);
    else into[key] = value;
  }
  return into;
};
const documents = JSON.parse(readFileSync(folder + "/documents.json", "utf8"));
const found = documents[options.url];
if (found === undefined) { process.stderr.write("404 " + options.url + "\\n"); process.exit(22); }
if (typeof found === "string") print(found);
else {
  if (options.body) merge(${wrap === "" ? "found" : `found[${JSON.stringify(wrap)}]`}, options.body);
  writeFileSync(folder + "/documents.json", JSON.stringify(documents));
  print(JSON.stringify(found));
}`;
}

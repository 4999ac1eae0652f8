#!/usr/bin/env node
import { readFile } from "node:fs/promises";

const oldest = 24;
if (Number.parseInt(process.versions.node, 10) < oldest) {
  process.stderr.write(`migrate-to-heroku-postgres needs Node.js ${oldest} or newer; this is ${process.version}.\n`);
  process.exit(1);
}

const { runCommandLine } = await import("../dist/index.js");
const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
await runCommandLine(process.argv.slice(2), version);

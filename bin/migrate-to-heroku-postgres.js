#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { runCommandLine } from "../dist/index.js";

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
await runCommandLine(process.argv.slice(2), version);

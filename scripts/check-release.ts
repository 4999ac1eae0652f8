// Tag, package.json and changelog must name the same version before anything is published. `--notes` prints the section.
import { readFile } from "node:fs/promises";
import { readChangelogSection } from "./changelog.ts";

const tag = process.argv[2] ?? "";
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
const section = await readChangelogSection(version);
const problems = [
  tag === `v${version}` ? undefined : `The tag is ${tag}, package.json says ${version}.`,
  section === undefined ? `CHANGELOG.md has no section for ${version}.` : undefined,
].filter((problem) => problem !== undefined);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
} else if (process.argv.includes("--notes")) {
  console.log(section);
}

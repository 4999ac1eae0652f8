import { readFile } from "node:fs/promises";

/** The changelog's section of one version, without its heading; undefined where there is none. */
export async function readChangelogSection(version: string): Promise<string | undefined> {
  const text = await readFile("CHANGELOG.md", "utf8");
  const sections = text.split(/^## /mu).slice(1);
  const section = sections.find(
    (candidate) => candidate.startsWith(`${version} `) || candidate.startsWith(`${version}\n`),
  );
  return section?.split("\n").slice(1).join("\n").trim();
}

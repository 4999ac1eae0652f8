import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

interface PackageJson {
  name: string;
  version: string;
  license?: string;
}

/** Name, version, licence and licence text of every package that the bundle holds, in the order of their names. */
export async function renderLicenses(metafile: Metafile): Promise<string> {
  const folders = new Set(
    Object.keys(metafile.inputs)
      .map(packageFolder)
      .filter((folder) => folder !== undefined),
  );
  const sections = await Promise.all([...folders].toSorted().map(renderPackage));
  return [...new Set(sections)].join(`\n${"-".repeat(78)}\n\n`);
}

function packageFolder(path: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(path)?.[1];
}

async function renderPackage(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as PackageJson;
  const names = await readdir(folder);
  const licenseFile = names.find((name) => /^(licen[cs]e|copying)/iu.test(name));
  const text =
    licenseFile === undefined
      ? "(the package carries no licence text)"
      : (await readFile(join(folder, licenseFile), "utf8")).trim();
  return `${manifest.name} ${manifest.version}\n${manifest.license ?? "licence not named"}\n\n${text.replaceAll("\r\n", "\n")}\n`;
}

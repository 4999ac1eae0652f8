import { chmod, copyFile, link, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeReadable } from "./cache.ts";

/** An extension of plain SQL that only this server offers, as providers' own extensions are. */
export interface MadeUpExtension {
  name: string;
  version: string;
  /** What `create extension` runs. */
  sql: string;
  comment?: string;
  /** Whether the owner of a database may create it; default no, as for most extensions of providers. */
  trusted?: boolean;
}

export interface ExtensionChoice {
  added?: MadeUpExtension[] | undefined;
  /** Names that this server does not offer although PostgreSQL ships them. */
  hidden?: string[] | undefined;
}

/**
 * A second view of the binaries with its own list of extensions, in `folder`. PostgreSQL finds its files relative to its
 * executable after resolving symbolic links, so that one file is a hard link or a copy and everything else is linked.
 */
export async function withOwnExtensions(binaries: string, folder: string, choice: ExtensionChoice): Promise<string> {
  const shared = join(binaries, "share/postgresql");
  const own = join(folder, "share/postgresql");
  await mkdir(join(own, "extension"), { recursive: true });
  await mkdir(join(folder, "bin"));
  await linkOrCopy(join(binaries, "bin/postgres"), join(folder, "bin/postgres"));
  await symlink(join(binaries, "lib"), join(folder, "lib"));
  await linkAll(shared, own, (name) => name !== "extension");
  const hidden = new Set(choice.hidden?.map((name) => `${name}.control`));
  await linkAll(join(shared, "extension"), join(own, "extension"), (name) => !hidden.has(name));
  for (const extension of choice.added ?? []) await writeExtension(join(own, "extension"), extension);
  await makeReadable(folder);
  return folder;
}

async function linkAll(from: string, to: string, isWanted: (name: string) => boolean): Promise<void> {
  const names = (await readdir(from)).filter(isWanted);
  await Promise.all(names.map((name) => symlink(join(from, name), join(to, name))));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

/** Writes an extension where a server looks for it, in place of one of the same name that was linked there. */
export async function writeExtension(folder: string, extension: MadeUpExtension): Promise<void> {
  const { name, version, sql, comment = "", trusted = false } = extension;
  const control = [
    `comment = '${comment.replaceAll("'", "''")}'`,
    `default_version = '${version}'`,
    `relocatable = false`,
    `superuser = true`,
    `trusted = ${trusted}`,
  ];
  const files = { [`${name}.control`]: `${control.join("\n")}\n`, [`${name}--${version}.sql`]: sql };
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, file);
    // A link leads into the binaries, which are not ours to change.
    await rm(path, { force: true });
    await writeFile(path, text);
    await chmod(path, 0o644);
  }
}

import { randomUUID } from "node:crypto";
import { chmod, link, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serverIdentity, temporaryBase } from "./identity.ts";

const folderName = "migrate-to-heroku-postgres-tests";
const abandonedLockMs = 10 * 60_000;

/**
 * A cached folder, built once by whichever process comes first. `build` fills a draft that is moved into place when it is
 * whole, so a folder of this name is never seen half-made and never changes afterwards.
 */
export async function cachedFolder(name: string, build: (draft: string) => Promise<void>): Promise<string> {
  const folder = join(await cacheDirectory(), name);
  if (await exists(folder)) return folder;
  await withLock(`${folder}.lock`, async () => {
    if (await exists(folder)) return;
    await removeAbandonedDrafts(folder);
    await buildFolder(folder, build);
  });
  return folder;
}

export async function isCached(name: string): Promise<boolean> {
  return exists(join(await cacheDirectory(), name));
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Lets every account read a folder and run what is in it, whatever this process's umask made of the modes. */
export async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, isExecutable((await lstat(path)).mode) ? 0o755 : 0o644);
  }
}

function isExecutable(mode: number): boolean {
  return (mode & 0o100) !== 0;
}

/** The servers' account must read the cache, so root's lies under the temporary folder and not in root's home. */
async function cacheDirectory(): Promise<string> {
  const fallback = join(temporaryBase(), `${folderName}-${process.getuid?.() ?? 0}`);
  if (serverIdentity !== undefined) return ownedFolder(fallback);
  const preferred = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), folderName);
  return ownedFolder(preferred).catch(() => ownedFolder(fallback));
}

/** Programs are run from here: a folder somebody else prepared, in a place anybody can write to, is refused. */
async function ownedFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${folder} is not a folder of this user; remove it`);
  }
  await chmod(folder, 0o755);
  return folder;
}

async function buildFolder(folder: string, build: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${folder}.${process.pid}.draft`;
  try {
    await mkdir(draft);
    await chmod(draft, 0o755);
    await build(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
}

async function removeAbandonedDrafts(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    const pid = name.startsWith(`${basename(folder)}.`) && /\.(\d+)\.draft$/.exec(name)?.[1];
    if (!pid || isAlive(Number(pid))) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** Only saves doing the same work twice: what keeps a folder whole is the move into place. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  const claim = `${path}.${randomUUID()}`;
  await writeFile(claim, String(process.pid));
  try {
    while (!(await tryLink(claim, path))) {
      if (await isAbandoned(path)) await rm(path, { force: true });
      else await sleep(50);
    }
  } finally {
    await rm(claim, { force: true });
  }
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const [owner, { mtimeMs }] = await Promise.all([readFile(lock, "utf8"), stat(lock)]);
    return !isAlive(Number(owner)) || Date.now() - mtimeMs > abandonedLockMs;
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

import { accessSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";

export interface Identity {
  uid: number;
  gid: number;
}

/** `nobody` on Debian, Ubuntu, Fedora and Alpine; initdb wants an account that has a name. */
const nobody: Identity = { uid: 65534, gid: 65534 };

const isRoot = process.getuid?.() === 0;

/** Who runs the servers, as options for `spawn`. PostgreSQL and PgBouncer refuse root; an ordinary user runs them directly. */
export const serverIdentity: Identity | undefined = isRoot ? nobody : undefined;

/** A folder for temporary files that the servers' account can reach: `TMPDIR` may lie where only root can read. */
export function temporaryBase(): string {
  const base = [tmpdir(), "/tmp", "/var/tmp"].find((folder) => isReachable(folder));
  if (base === undefined) throw new Error("no temporary folder can be reached by an unprivileged account; set TMPDIR");
  return base;
}

function isReachable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return !isRoot || isTraversableByOthers(folder);
  } catch {
    return false;
  }
}

function isTraversableByOthers(folder: string): boolean {
  const othersMayEnter = (statSync(folder).mode & 0o001) !== 0;
  const parent = dirname(folder);
  return othersMayEnter && (parent === folder || isTraversableByOthers(parent));
}

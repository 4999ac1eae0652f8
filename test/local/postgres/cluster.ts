import { createHash, randomBytes } from "node:crypto";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readPackageVersion, serverBinaries } from "./binaries.ts";
import type { Major } from "./binaries.ts";
import { cachedFolder } from "./cache.ts";
import { serverIdentity } from "./identity.ts";
import { runProgram } from "./programs.ts";

export interface ClusterOptions {
  major: Major;
  /** A locale of the C library that this machine has. */
  locale?: string | undefined;
  initdbArgs?: string[] | undefined;
}

/**
 * A data directory as initdb leaves it, to be copied for every server: initdb takes seconds, the copy a tenth of one. The
 * superuser's password is random and kept beside it.
 */
export async function clusterTemplate(options: ClusterOptions): Promise<string> {
  const binaries = await serverBinaries(options.major);
  const locale = options.locale ?? "C.UTF-8";
  const args = [`--locale=${locale}`, "--encoding=UTF8", ...(options.initdbArgs ?? [])];
  const key = createHash("sha256").update(JSON.stringify(args)).digest("hex").slice(0, 12);
  return cachedFolder(`cluster-${await readPackageVersion(options.major)}-${key}`, async (draft) => {
    const password = join(draft, "superuser-password");
    await writeFile(password, randomBytes(18).toString("base64url"), { mode: 0o600 });
    await mkdir(join(draft, "data"), { mode: 0o700 });
    await giveToServer(password, join(draft, "data"));
    const paths = [`--pgdata=${join(draft, "data")}`, `--pwfile=${password}`];
    const fixed = ["--username=postgres", "--auth=scram-sha-256", "--no-sync", "--no-instructions"];
    const initdb = join(binaries, "bin/initdb");
    await runProgram(initdb, [...paths, ...fixed, ...args], { cwd: draft, identity: serverIdentity });
  });
}

/** Hands files that we made to the account that runs the servers. */
export async function giveToServer(...paths: string[]): Promise<void> {
  if (serverIdentity === undefined) return;
  for (const path of paths) await chown(path, serverIdentity.uid, serverIdentity.gid);
}

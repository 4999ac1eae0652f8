import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { MigrationError } from "../errors.ts";
import { readProgramVersion } from "./program-version.ts";

/** pg_dump and pg_restore of one major, by absolute path. */
export interface ClientPrograms {
  majorVersion: number;
  /** As `pg_dump --version` says it, e.g. `16.4 (Debian 16.4-1)`. */
  version: string;
  pgDump: string;
  pgRestore: string;
}

export interface ClientSearch {
  sourceMajor: number;
  targetMajor: number;
  /** Folder with `<major>/bin`, searched first. */
  clientDirectory: string | undefined;
}

/**
 * Where packages put the programs of one major: Debian and PGDG, Red Hat's PGDG, Homebrew on both architectures.
 * Never what PATH finds: Debian's wrapper there picks the newest major of several (postgresql-common, PgCommon.pm).
 */
function candidateFolders(major: number, clientDirectory: string | undefined): string[] {
  const own = clientDirectory === undefined ? [] : [join(clientDirectory, String(major), "bin")];
  return [
    ...own,
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
  ];
}

/**
 * The majors that may dump this source for this target, best first: pg_dump refuses servers newer than itself, and the
 * target's pg_restore refuses archives of a newer pg_dump.
 */
export function usableMajors({
  sourceMajor,
  targetMajor,
}: Pick<ClientSearch, "sourceMajor" | "targetMajor">): number[] {
  return Array.from({ length: Math.max(0, targetMajor - sourceMajor + 1) }, (_, index) => targetMajor - index);
}

/** The best client that is installed, or undefined. */
export async function findClientPrograms(search: ClientSearch): Promise<ClientPrograms | undefined> {
  for (const major of usableMajors(search)) {
    for (const folder of candidateFolders(major, search.clientDirectory)) {
      const programs = await readClientPrograms(folder, major);
      if (programs !== undefined) return programs;
    }
  }
  return undefined;
}

async function readClientPrograms(folder: string, major: number): Promise<ClientPrograms | undefined> {
  const pgDump = join(folder, "pg_dump");
  const pgRestore = join(folder, "pg_restore");
  if (!(await isExecutable(pgDump)) || !(await isExecutable(pgRestore))) return undefined;
  const version = await readProgramVersion(pgDump);
  // A folder named for one major may hold another; the program's own word counts.
  return version.majorVersion === major ? { majorVersion: major, version: version.text, pgDump, pgRestore } : undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** One sentence that says what to install. */
export function missingClientError(search: ClientSearch, reason: string): MigrationError {
  const [best] = usableMajors(search);
  if (best === undefined) {
    return new MigrationError(
      `The source runs PostgreSQL ${search.sourceMajor} and the target ${search.targetMajor}: an archive of a newer major cannot be restored into an older one.`,
      {
        code: "SOURCE_NEWER_THAN_TARGET",
        hint: `Create a Heroku Postgres database of major ${search.sourceMajor} or newer (heroku addons:create … -- --version ${search.sourceMajor}).`,
      },
    );
  }
  const range = best === search.sourceMajor ? `${best}` : `${search.sourceMajor} to ${best}`;
  return new MigrationError(`No pg_dump of major ${range} is installed on the runner${reason}.`, {
    code: "CLIENT_MISSING",
    hint: `Install the package postgresql-client-${best} (PGDG apt repository), or give the folder that holds ${best}/bin/pg_dump as postgres-client-dir.`,
  });
}

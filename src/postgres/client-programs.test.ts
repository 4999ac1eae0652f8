import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../log.ts";
import { findClientPrograms, missingClientError, usableMajors } from "./client-programs.ts";
import { findOrInstallClient } from "./install-client.ts";
import { parseProgramVersion } from "./program-version.ts";

let base: string;

/** Majors beyond any real one, so that what this machine has installed does not matter. */
const [old, middle, recent] = [91, 92, 93];

async function addPrograms(folderMajor: number, versionMajor = folderMajor): Promise<void> {
  const folder = join(base, String(folderMajor), "bin");
  await mkdir(folder, { recursive: true });
  for (const name of ["pg_dump", "pg_restore"]) {
    const file = join(folder, name);
    await writeFile(file, `#!/bin/sh\necho "${name} (PostgreSQL) ${versionMajor}.4 (Debian ${versionMajor}.4-1)"\n`);
    await chmod(file, 0o755);
  }
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "clients-"));
  await addPrograms(old);
  await addPrograms(middle);
});
afterAll(() => rm(base, { recursive: true, force: true }));

test("the target's major comes first, then downwards to the source's", () => {
  expect(usableMajors({ sourceMajor: 14, targetMajor: 17 })).toEqual([17, 16, 15, 14]);
  expect(usableMajors({ sourceMajor: 18, targetMajor: 17 })).toEqual([]);
});

test("of several installed majors the fitting one is taken, never just the newest", async () => {
  const search = { clientDirectory: base };
  expect(await findClientPrograms({ ...search, sourceMajor: old, targetMajor: old })).toMatchObject({
    majorVersion: old,
    version: "91.4 (Debian 91.4-1)",
  });
  expect(await findClientPrograms({ ...search, sourceMajor: old, targetMajor: recent })).toMatchObject({
    majorVersion: middle,
    pgDump: join(base, "92/bin/pg_dump"),
  });
  expect(await findClientPrograms({ ...search, sourceMajor: recent, targetMajor: recent })).toBeUndefined();
});

test("a folder that holds another major than its name says is not used", async () => {
  await addPrograms(94, 95);
  expect(await findClientPrograms({ sourceMajor: 94, targetMajor: 94, clientDirectory: base })).toBeUndefined();
});

test("what is missing is named, with the package to install", async () => {
  const options = { sourceMajor: recent, targetMajor: recent, clientDirectory: base, install: false, log: silentLog };
  await expect(findOrInstallClient(options)).rejects.toMatchObject({
    code: "CLIENT_MISSING",
    message: expect.stringContaining("major 93"),
    hint: expect.stringContaining("postgresql-client-93"),
  });
  expect(missingClientError({ sourceMajor: 18, targetMajor: 17, clientDirectory: undefined }, "")).toMatchObject({
    code: "SOURCE_NEWER_THAN_TARGET",
  });
});

test.each([
  ["pg_dump (PostgreSQL) 16.4 (Debian 16.4-1.pgdg120+1)\n", 16],
  ["pg_dump (PostgreSQL) 18beta1\n", 18],
  ["something else\n", 0],
])("%j is major %i", (output, major) => {
  expect(parseProgramVersion(output).majorVersion).toBe(major);
});

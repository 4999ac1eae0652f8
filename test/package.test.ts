import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listFiles, readText, root } from "./support/workflow-files.ts";

interface Manifest {
  name: string;
  version: string;
  license: string;
  type: string;
  bin: Record<string, string>;
  engines: { node: string };
}
const manifest = JSON.parse(readText("package.json")) as Manifest;

function listPacked(): string[] {
  const printed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(printed) as { files: { path: string }[] }[];
  return (packed?.files ?? []).map(({ path }) => path).toSorted();
}

describe("what npm gets", () => {
  const packed = listPacked();

  test("all that runs, with what says what it is and whose", () => {
    const programs = Object.values(manifest.bin);
    const needed = [
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "package.json",
      "dist/index.js",
      "dist/licenses.txt",
      ...programs,
    ];
    expect(packed).toEqual(expect.arrayContaining(needed));
    expect(packed).toEqual(expect.arrayContaining(listFiles("dist", ".js")));
  });

  test("and nothing else", () => {
    const allowed = [
      /^(?:LICENSE|README\.md|CHANGELOG\.md|package\.json|action\.yml|runtime\/action\.yml)$/u,
      /^bin\/[\w-]+\.js$/u,
      /^dist\/(?:[\w-]+\.js|licenses\.txt)$/u,
      /^docs\/[\w.-]+\.(?:md|svg|schema\.json)$/u,
    ];
    expect(packed.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  test("a program that starts with the Node that it asks for", () => {
    for (const path of Object.values(manifest.bin)) {
      expect(readText(path)).toMatch(/^#!\/usr\/bin\/env node\n/u);
      expect(spawnSync(process.execPath, [join(root, path), "--version"], { encoding: "utf8" })).toMatchObject({
        status: 0,
        stdout: `${manifest.version}\n`,
      });
    }
    const [, major = ""] = /^>=(\d+)$/u.exec(manifest.engines.node) ?? [];
    expect(readText(".node-version").trim()).toMatch(new RegExp(`^${major}\\.`, "u"));
    expect(readText("runtime/action.yml")).toContain(`using: node${major}`);
  });
});

describe("a release", () => {
  const check = (...argv: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ["scripts/check-release.ts", ...argv], { cwd: root, encoding: "utf8" });

  test("tag, package and changelog name one version, and the changelog has something to say", () => {
    expect(check(`v${manifest.version}`)).toMatchObject({ status: 0, stderr: "" });
    expect(check(`v${manifest.version}`, "--notes").stdout.trim().length).toBeGreaterThan(100);
  });

  test.each(["v9.9.9", "", manifest.version])("a tag of %j is refused", (tag) => {
    expect(check(tag).status).toBe(1);
  });

  test("the newest section of the changelog is this version's", () => {
    const [, newest = ""] = /^## (\S+)/mu.exec(readText("CHANGELOG.md")) ?? [];
    expect(newest).toBe(manifest.version);
  });

  test("examples and README name this version", () => {
    for (const file of ["README.md", ...listFiles("examples")]) {
      for (const [, version] of readText(file).matchAll(/migrate-to-heroku-postgres\/action@[0-9a-f]{40} # v(\S+)/gu)) {
        expect(version, file).toBe(manifest.version);
      }
    }
  });
});

describe("links in the documents", () => {
  const documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ...listFiles("docs", ".md")];

  test.each(documents)("%s leads to files and headings that exist", (file) => {
    const folder = file.includes("/") ? file.replace(/\/[^/]+$/u, "") : ".";
    for (const [, to = ""] of readText(file).matchAll(/\]\(((?!https?:|mailto:)[^)\s]+)\)/gu)) {
      const [path = "", anchor] = to.split("#");
      const target = path === "" ? file : join(folder, path);
      expect(existsSync(join(root, target)), `${file} → ${to}`).toBe(true);
      if (anchor !== undefined) expect(headingsOf(target), `${file} → ${to}`).toContain(anchor);
    }
  });

  test("every document is reachable from the README", () => {
    const reached = new Set<string>(["README.md"]);
    for (const file of reached) {
      const folder = file.includes("/") ? file.replace(/\/[^/]+$/u, "") : ".";
      for (const [, to = ""] of readText(file).matchAll(/\]\(((?!https?:|mailto:)[^)#\s]+\.md)/gu))
        reached.add(join(folder, to));
    }
    expect(documents.filter((file) => !reached.has(file))).toEqual([]);
  });
});

describe("docs/when-it-fails.md", () => {
  const text = readText("docs/when-it-fails.md");
  const documented = new Set(
    [...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|INPUTS|USAGE|DEADLINE|STALLED|INTERRUPTED)`/gu)].map(
      ([, code = ""]) => code,
    ),
  );
  const thrown = listThrownCodes();

  test("explains every code that the program fails with", () => {
    expect(thrown.size).toBeGreaterThan(80);
    expect([...thrown].filter((code) => !documented.has(code))).toEqual([]);
  });

  test("explains no code that is not there", () => {
    const s3Words = /(\w+): \(?(?:_?call)?/gu;
    const fromS3 = new Set(
      [...readText("src/storage/storage-error.ts").matchAll(s3Words)].map(
        ([, word = ""]) => `BUCKET_${word.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, "_").toUpperCase()}`,
      ),
    );
    expect([...documented].filter((code) => !thrown.has(code) && !fromS3.has(code))).toEqual(["SOURCE_DRIFT"]);
  });
});

/** Of every error outside the gate, whose codes are in docs/findings.md. Without errno names, which begin with E alone. */
function listThrownCodes(): Set<string> {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "src"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter(
      (file) =>
        /(?<!\.test)\.ts$/u.test(file) &&
        !/^src\/preflight\/(?:codes|checks)/u.test(file) &&
        existsSync(join(root, file)),
    );
  const lines = files.flatMap((file) => readText(file).split("\n")).filter((line) => /\bcode: .*"/u.test(line));
  const words = lines.flatMap((line) => [...line.matchAll(/"([A-Z][A-Z0-9_]{4,})"/gu)].map(([, code = ""]) => code));
  return new Set(words.filter((code) => !/^E[A-Z]+$/u.test(code)));
}

/** As GitHub makes them: lower case, punctuation gone, blanks to dashes. */
function headingsOf(file: string): string[] {
  return [...readText(file).matchAll(/^#{1,6} (.+)$/gmu)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DefaultArtifactClient } from "@actions/artifact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ArtifactService, startArtifactService } from "./artifacts/service.ts";

const client = new DefaultArtifactClient();
let service: ArtifactService;
let folder: string;

beforeEach(async () => {
  service = await startArtifactService();
  folder = await mkdtemp(path.join(tmpdir(), "artifacts-"));
  becomeJob("job-1", 1);
  vi.stubEnv("GITHUB_SERVER_URL", "https://github.com");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("what the real client does", () => {
  test("a zip of several files comes back file by file", async () => {
    const files = await write({ "a.csv": "name,setting\n", "sub/b.md": "# ä\n" });
    const { id, size, digest } = await client.uploadArtifact("evidence", files, folder);
    const [record] = service.list();
    expect(record).toMatchObject({ id, name: "evidence", sizeBytes: size, digest: `sha256:${digest}`, zipped: true });
    expect(record).toMatchObject({ runId: "run-1", jobId: "job-1", attempt: 1, mimeType: "application/zip" });
    const read = await service.read("evidence");
    expect([...read].map(([name, bytes]) => [name, bytes.toString()])).toEqual([
      ["a.csv", "name,setting\n"],
      ["sub/b.md", "# ä\n"],
    ]);
  });

  test("a raw file keeps its bytes, name and type", async () => {
    const files = await write({ "settings.csv": "name,setting\n" });
    await client.uploadArtifact("ignored", files, folder, { skipArchive: true, retentionDays: 7 });
    const [record] = service.list();
    expect(record).toMatchObject({ name: "settings.csv", mimeType: "text/csv", zipped: false });
    expect(new Date(record?.expiresAt ?? 0).getTime()).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
    expect((await service.read("settings.csv")).get("settings.csv")?.toString()).toBe("name,setting\n");
  });

  test("bytes of several blocks arrive in order", async () => {
    const bytes = randomBytes(20 * 1024 * 1024);
    await writeFile(path.join(folder, "large.bin"), bytes);
    await client.uploadArtifact("large", [path.join(folder, "large.bin")], folder, { compressionLevel: 0 });
    expect((await service.read("large")).get("large.bin")?.equals(bytes)).toBe(true);
  });

  test("list, get, download and delete", async () => {
    const files = await write({ "a.txt": "one", "b.txt": "two" });
    const { id } = await client.uploadArtifact("pair", files, folder);
    await client.uploadArtifact("raw", [files[0] ?? ""], folder, { skipArchive: true });
    expect((await client.listArtifacts()).artifacts.map((artifact) => artifact.name)).toEqual(["pair", "a.txt"]);
    const { artifact } = await client.getArtifact("pair");
    const into = path.join(folder, "down");
    const expectedHash = artifact.digest ?? "";
    const down = await client.downloadArtifact(id ?? 0, { path: into, expectedHash });
    expect(down.digestMismatch).toBe(false);
    expect(await readFile(path.join(into, "b.txt"), "utf8")).toBe("two");
    await client.deleteArtifact("pair");
    expect(service.list().map((record) => record.name)).toEqual(["a.txt"]);
  });

  test("a name is taken once per attempt, and free again in the next", async () => {
    const files = await write({ "a.txt": "one" });
    await client.uploadArtifact("twice", files, folder);
    await expect(client.uploadArtifact("twice", files, folder)).rejects.toThrow("(409)");
    becomeJob("job-2", 2);
    await client.uploadArtifact("twice", files, folder);
    expect((await client.listArtifacts()).artifacts).toHaveLength(2);
    expect((await client.listArtifacts({ latest: true })).artifacts).toHaveLength(1);
  });

  test("a token that was not issued is refused", async () => {
    const files = await write({ "a.txt": "one" });
    const token = (process.env["ACTIONS_RUNTIME_TOKEN"] ?? "").split(".");
    vi.stubEnv("ACTIONS_RUNTIME_TOKEN", `${token[0]}.${token[1]}.forged`);
    await expect(client.uploadArtifact("forged", files, folder)).rejects.toThrow("(401)");
  });

  test("another host name means GitHub Enterprise Server: refused before any request", async () => {
    vi.stubEnv("GITHUB_SERVER_URL", "https://github.example.com");
    const files = await write({ "a.txt": "one" });
    const upload = client.uploadArtifact("none", files, folder);
    await expect(upload).rejects.toMatchObject({ name: "GHESNotSupportedError" });
    expect(service.requests).toEqual([]);
  });
});

describe("faults", () => {
  test("a 500 is retried by the client", async () => {
    service.inject({ at: "CreateArtifact", kind: "error", times: 1 });
    await client.uploadArtifact("again", await write({ "a.txt": "one" }), folder);
    expect(service.list().map((record) => record.name)).toEqual(["again"]);
    expect(service.requests.filter((line) => line.endsWith("/CreateArtifact"))).toHaveLength(2);
  });

  test("the quota message becomes UsageError", async () => {
    service.inject({ at: "CreateArtifact", kind: "quota" });
    const upload = client.uploadArtifact("full", await write({ "a.txt": "one" }), folder);
    await expect(upload).rejects.toThrow(/quota has been hit/);
    service.heal();
    await client.uploadArtifact("full", await write({ "a.txt": "one" }), folder);
  });

  test("a stalled upload ends by the client's own clock", async () => {
    vi.stubEnv("ACTIONS_ARTIFACT_UPLOAD_TIMEOUT_MS", "200");
    service.inject({ at: "upload", kind: "stall" });
    const upload = client.uploadArtifact("stalled", await write({ "a.txt": "one" }), folder);
    await expect(upload).rejects.toThrow("Upload progress stalled.");
    expect(service.list()).toEqual([]);
  });
});

test("saveTo lays zipped artifacts out as folders and raw ones as files", async () => {
  const files = await write({ "a.txt": "one", "sub/b.txt": "two" });
  await client.uploadArtifact("pair", files, folder);
  await client.uploadArtifact("raw", [files[0] ?? ""], folder, { skipArchive: true });
  const into = path.join(folder, "saved");
  const saved = await service.saveTo(into);
  expect(saved.map((file) => path.relative(into, file))).toEqual(["pair/a.txt", "pair/sub/b.txt", "a.txt"]);
  expect(await readFile(path.join(into, "pair/sub/b.txt"), "utf8")).toBe("two");
});

function becomeJob(jobId: string, attempt: number): void {
  vi.stubEnv("ACTIONS_RUNTIME_TOKEN", service.issueToken({ runId: "run-1", jobId, attempt }));
  vi.stubEnv("ACTIONS_RESULTS_URL", service.url);
}

async function write(files: Record<string, string>): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
    paths.push(target);
  }
  return paths;
}

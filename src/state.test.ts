import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StateFile } from "./state.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-"));
  path = join(folder, "deep", "state.json");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function onDisk(): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8")) as unknown;
}

const upload = { key: "archives/1.dump", uploadId: "abc" };
const maintenance = { app: "example-app", was: false };

describe("StateFile", () => {
  test("begins empty, and writes nothing until there is something to undo", async () => {
    const state = await StateFile.open(path);
    expect(state.isEmpty).toBe(true);
    await expect(readdir(join(folder, "deep"))).resolves.toEqual([]);
  });

  test("a change is on disk when it is said to be, and is there for the next process", async () => {
    const state = await StateFile.open(path);
    await state.set({ upload });
    expect(await onDisk()).toEqual({ version: 1, upload });
    const later = await StateFile.open(path);
    expect(later.current).toEqual({ version: 1, upload });
    expect(later.isEmpty).toBe(false);
  });

  test("clearing forgets the named ones only, and leaves the object that was read before alone", async () => {
    const state = await StateFile.open(path);
    await state.set({ upload, maintenance });
    const before = state.current;
    await state.clear("upload");
    expect(await onDisk()).toEqual({ version: 1, maintenance });
    expect(before.upload).toEqual(upload);
    await state.clear("maintenance", "freeze");
    expect(state.isEmpty).toBe(true);
  });

  test("is for its owner's eyes, and leaves no half-written file beside it", async () => {
    const state = await StateFile.open(path);
    await state.set({ upload });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, "deep"))).toEqual(["state.json"]);
  });

  test("changes made at the same time are all kept, in their order", async () => {
    const changes = fc.array(
      fc.record({
        name: fc.constantFrom("upload", "archive", "applicationName"),
        text: fc.stringMatching(/^[0-9a-f]{0,8}$/u),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const state = await StateFile.open(path);
        const expected: Record<string, unknown> = { version: 1 };
        const writes = list.map(({ name, text }) => {
          const value = name === "upload" ? { ...upload, uploadId: text } : name === "archive" ? { key: text } : text;
          expected[name] = value;
          return state.set({ [name]: value });
        });
        await Promise.all(writes);
        expect(await onDisk()).toEqual(expected);
        await state.remove();
      }),
      { numRuns: 20 },
    );
  });

  test("removing takes the file away, twice as well", async () => {
    const state = await StateFile.open(path);
    await state.set({ upload });
    await state.remove();
    await state.remove();
    expect(await readdir(join(folder, "deep"))).toEqual([]);
    expect((await StateFile.open(path)).isEmpty).toBe(true);
  });

  test.each(["", "{", "null", "[]", '{"version":2}', '"text"'])(
    "a file that says %j stops the run instead of looking like nothing to undo",
    async (text) => {
      await StateFile.open(path);
      await writeFile(path, text);
      await expect(StateFile.open(path)).rejects.toMatchObject({ code: "STATE_UNREADABLE" });
    },
  );
});

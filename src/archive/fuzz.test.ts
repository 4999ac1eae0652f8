import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHead, serializeHead } from "./contents.ts";
import { editContents } from "./edit.ts";
import { ArchiveFormatError, UnsupportedArchiveVersionError, UnsupportedCompressionError } from "./errors.ts";
import { fixtureNames, inPieces, readFixture } from "./fixtures/fixtures.ts";
import { listEntries } from "./list.ts";
import { encodeInt } from "./primitives.ts";
import { verifyArchive } from "./verify.ts";

const fixtures = fixtureNames.map((name) => readFixture(name));
const headLengths = fixtures.map((archive) => parseHead(archive).headBytes);

const temptingInts = [0, 1, -1, 2, 255, 4096, 1_000_000, 64 * 1024 * 1024, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)];

/** `place` is in millionths of the archive, or of its head. */
interface Mutation {
  kind: "flip" | "byte" | "int" | "delete" | "insert" | "repeat" | "cut";
  place: number;
  value: number;
  length: number;
  inHead: boolean;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("flip" as const, "byte" as const) },
    { weight: 2, arbitrary: fc.constantFrom("int" as const, "delete" as const, "insert" as const, "repeat" as const) },
    { weight: 1, arbitrary: fc.constant("cut" as const) },
  ),
  // Without bias: fast-check's favourite numbers are small, and damage to the first bytes goes no deeper than they do.
  place: fc.noBias(fc.nat(999_999)),
  value: fc.nat(255),
  length: fc.integer({ min: 1, max: 60 }),
  inHead: fc.boolean(),
});

function mutate(archive: Buffer, headBytes: number, { kind, place, value, length, inHead }: Mutation): Buffer {
  const at = Math.floor((place / 1e6) * Math.min(archive.length, inHead ? headBytes : archive.length));
  const [before, after] = [archive.subarray(0, at), archive.subarray(at)];
  const cut = after.subarray(length);
  switch (kind) {
    case "flip":
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (1 << (value % 8))]), after.subarray(1)]);
    case "byte":
      return Buffer.concat([before, Buffer.from([value]), after.subarray(1)]);
    case "int":
      return Buffer.concat([before, encodeInt(temptingInts[value % temptingInts.length] as number), after.subarray(5)]);
    case "delete":
      return Buffer.concat([before, cut]);
    case "insert":
      return Buffer.concat([before, Buffer.alloc(length, value), after]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, length), after]);
    default:
      return before;
  }
}

function isTyped(error: unknown): boolean {
  return (
    error instanceof ArchiveFormatError ||
    error instanceof UnsupportedArchiveVersionError ||
    error instanceof UnsupportedCompressionError
  );
}

interface Outcome {
  isSound: boolean;
  elapsedMs: number;
}

/** Reads an archive in every way there is. */
async function read(archive: Buffer): Promise<Outcome> {
  const startedAt = performance.now();
  let isSound = true;
  try {
    await verifyArchive(inPieces(archive, 1000), { tolerateTrailingContents: true });
  } catch (error) {
    if (!isTyped(error)) throw error;
    isSound = false;
  }
  try {
    const { head, headBytes } = parseHead(archive);
    // Whatever is accepted must be written back as it was: nothing is read loosely.
    expect(serializeHead(head).equals(archive.subarray(0, headBytes))).toBe(true);
    listEntries(head);
    editContents(head, { extensions: ["hstore"], schemas: ["agent"], publications: true, tablespaces: true });
  } catch (error) {
    if (!isTyped(error)) throw error;
  }
  return { isSound, elapsedMs: performance.now() - startedAt };
}

test("3,000 damaged archives are read or refused, quickly and in little memory", { timeout: 120_000 }, async () => {
  const outcomes: Outcome[] = [];
  const heapBefore = process.memoryUsage().heapUsed;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(fixtures.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (index, mutations) => {
        const headBytes = headLengths[index] as number;
        const damaged = mutations.reduce((bytes, next) => mutate(bytes, headBytes, next), fixtures[index] as Buffer);
        outcomes.push(await read(damaged));
      },
    ),
    { numRuns: 3000, seed: 4 },
  );
  expect(outcomes.filter(({ isSound }) => isSound).length).toBeGreaterThan(200);
  expect(outcomes.filter(({ isSound }) => !isSound).length).toBeGreaterThan(1000);
  expect(Math.max(...outcomes.map(({ elapsedMs }) => elapsedMs))).toBeLessThan(2000);
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(300 * 1024 * 1024);
});

test("bytes that only begin like an archive are refused", async () => {
  const header = Buffer.from("PGDMP\u0001\u000e\0\u0004\u0008\u0001", "latin1");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      const { isSound } = await read(Buffer.concat([header, bytes]));
      expect(isSound).toBe(false);
    }),
    { numRuns: 500, seed: 4 },
  );
});

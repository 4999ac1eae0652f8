import { describe, expect, test } from "vitest";
import { compareFingerprints } from "./compare.ts";
import type { CatalogObject, Fingerprint, TableContent } from "./fingerprint-model.ts";

function object(
  kind: string,
  name: string,
  facts: CatalogObject["facts"] = {},
  table: string | null = null,
): CatalogObject {
  return { object: kind, schema: "public", table, name, facts };
}

function content(table: string, rows: number | null, hash: TableContent["hash"] = ["1", "2"]): TableContent {
  return { schema: "public", table, columns: ["a"], columnTypes: ["pg_catalog.int4"], bytes: 8192, rows, hash };
}

function fingerprint(changes: Partial<Fingerprint> = {}): Fingerprint {
  return {
    version: 1,
    kind: "full",
    inDumpSnapshot: true,
    takenAt: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    majorVersion: 16,
    encoding: "UTF8",
    collation: "C C",
    hashMethod: "typed",
    objects: [object("TABLE", "t"), object("COLUMN", "a", { type: "integer" }, "t")],
    unreadClasses: [],
    tables: [content("t", 3)],
    sequences: [],
    largeObjects: { count: 0, bytes: 0, hash: ["0", "0"] },
    left: { owners: 0, grants: 0, defaultPrivileges: 0, settings: 0, unloggedTables: 0 },
    ...changes,
  };
}

test("equal fingerprints match, through JSON as well", () => {
  const stored = JSON.parse(JSON.stringify(fingerprint())) as Fingerprint;
  const { record, tables } = compareFingerprints(stored, fingerprint());
  expect(record).toMatchObject({
    outcome: "match",
    live: false,
    tablesCompared: 1,
    rowsCompared: 3,
    objectsCompared: 2,
  });
  expect(record).toMatchObject({ differences: [], known: [], unread: [] });
  expect(tables).toEqual([{ schema: "public", table: "t", verdict: "match", sourceRows: 3, targetRows: 3 }]);
});

describe("the three outcomes are never folded", () => {
  const unread = { ...content("t", null, null), unread: "permission denied" };

  test.each([
    ["could-not-complete", { tables: [unread] }],
    ["could-not-complete", { unreadClasses: [{ object: "RULE", reason: "permission denied" }] }],
    ["could-not-complete", { largeObjects: { count: 1, bytes: 0, hash: null, unread: "permission denied" } }],
    ["could-not-complete", { hashMethod: "row-text" as const }],
    ["mismatch", { tables: [unread], objects: [object("TABLE", "t")] }],
    ["mismatch", { tables: [content("t", 3, ["1", "3"])] }],
    ["mismatch", { tables: [content("t", 4)] }],
    ["mismatch", { largeObjects: { count: 1, bytes: 0, hash: ["0", "0"] as [string, string] } }],
  ])("%s: %o", (outcome, changes) => {
    expect(compareFingerprints(fingerprint(), fingerprint(changes)).record.outcome).toBe(outcome);
    expect(compareFingerprints(fingerprint(changes), fingerprint()).record.outcome).toBe(outcome);
  });
});

test("a lost table is one difference, not one for each of its columns", () => {
  const { record } = compareFingerprints(fingerprint(), fingerprint({ objects: [], tables: [] }));
  expect(record.differences).toEqual([
    { kind: "missing", object: "TABLE", name: "public.t", detail: "is not on the target" },
  ]);
});

test("facts are compared by name, said in words, and long ones from where they differ", () => {
  const view = (text: string) => fingerprint({ objects: [object("VIEW", "v", { definition: text, enabled: "x" })] });
  const long = `select ${"a, ".repeat(200)}`;
  const { record } = compareFingerprints(view(`${long}b from t`), view(`${long}c from t`));
  expect(record.differences[0]?.detail).toMatch(
    /^definition: "….*b from t" on the source, "….*c from t" on the target$/u,
  );
  expect(record.differences[0]?.detail.length).toBeLessThan(350);
  const trigger = (enabled: string) => fingerprint({ objects: [object("TRIGGER", "g", { enabled }, "t")] });
  expect(compareFingerprints(trigger("O"), trigger("D")).record.differences).toMatchObject([
    { name: "public.t.g", detail: `enabled: "enabled" on the source, "disabled" on the target` },
  ]);
});

test("layout of a definition is no difference", () => {
  const view = (text: string) => fingerprint({ objects: [object("VIEW", "v", { definition: text })] });
  expect(compareFingerprints(view(" SELECT a\n   FROM t"), view("SELECT a FROM t ")).record.outcome).toBe("match");
});

describe("what Heroku cannot have is known, not lost", () => {
  test.each([
    ["EVENT TRIGGER", {}],
    ["PUBLICATION", {}],
    ["SUBSCRIPTION", {}],
    ["USER MAPPING", {}],
    ["INDEX", { valid: "false" }],
  ])("%s", (kind, facts) => {
    const { record } = compareFingerprints(
      fingerprint({ objects: [object(kind, "x", facts)] }),
      fingerprint({ objects: [] }),
    );
    expect(record).toMatchObject({ outcome: "match", differences: [] });
    expect(record.known).toMatchObject([{ what: `${kind.toLowerCase()}s not on the target`, count: 1 }]);
  });

  test("owners, grants and settings, counted", () => {
    const left = { owners: 4, grants: 2, defaultPrivileges: 1, settings: 3, unloggedTables: 1 };
    const { record } = compareFingerprints(fingerprint({ left, collation: "de de" }), fingerprint());
    expect(record.outcome).toBe("match");
    expect(record.known.map(({ count }) => count)).toEqual([4, 2, 1, 3, 1, 1]);
  });

  test("a newer version of an extension, and Heroku's own schema", () => {
    const extension = (version: string, schema: string) =>
      fingerprint({ objects: [{ ...object("EXTENSION", "hstore", { version, "in schema": schema }), schema: null }] });
    const { record } = compareFingerprints(extension("1.7", "public"), extension("1.8", "heroku_ext"));
    expect(record).toMatchObject({ outcome: "match", known: [{ count: 1 }, { count: 1 }] });
    const moved = compareFingerprints(extension("1.7", "public"), extension("1.7", "other"));
    expect(moved.record.outcome).toBe("mismatch");
  });
});

test("not-null constraints count as rows of the catalog only between two sides of 18", () => {
  const constraint = object("CONSTRAINT", "t_a_not_null", { kind: "n" }, "t");
  const with18 = fingerprint({ majorVersion: 18, objects: [...fingerprint().objects, constraint] });
  expect(compareFingerprints(fingerprint(), with18).record).toMatchObject({ outcome: "match", known: [{ count: 1 }] });
  const lost = compareFingerprints(with18, fingerprint({ majorVersion: 18 }));
  expect(lost.record.differences).toMatchObject([{ object: "CONSTRAINT", kind: "missing" }]);
});

test("rows of hash partitions may lie in another one of the same root", () => {
  const hashRoot = { schema: "public", table: "root" };
  const parts = (a: number, b: number, first: string, second: string): TableContent[] => [
    { ...content("p0", a, [first, "0"]), hashRoot },
    { ...content("p1", b, [second, "0"]), hashRoot },
  ];
  const one = fingerprint({ tables: parts(1, 2, "10", "20") });
  const { record, tables } = compareFingerprints(one, fingerprint({ tables: parts(3, 0, "30", "0") }));
  expect(record.outcome).toBe("match");
  expect(tables).toEqual([{ ...hashRoot, verdict: "match", sourceRows: 3, targetRows: 3 }]);
  expect(compareFingerprints(one, fingerprint({ tables: parts(3, 0, "31", "0") })).record.outcome).toBe("mismatch");
});

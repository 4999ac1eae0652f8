const enabled = { O: "enabled", D: "disabled", A: "always", R: "on replicas" };
const parallelSafety = { s: "safe", r: "restricted", u: "unsafe" };

/** What the catalogs' letters stand for (PostgreSQL manual, system catalogs), by class and fact. */
const words: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "TABLE.kind": { r: "table", p: "partitioned table" },
  "TABLE.persistence": { p: "permanent", u: "unlogged" },
  "SEQUENCE.persistence": { p: "permanent", u: "unlogged" },
  "TABLE.replica identity": { d: "default", n: "nothing", f: "full", i: "index" },
  "COLUMN.identity": { a: "always", d: "by default" },
  "COLUMN.generation": { s: "stored", v: "virtual" },
  "COLUMN.storage": { p: "plain", e: "external", m: "main", x: "extended" },
  "COLUMN.compression": { p: "pglz", l: "lz4" },
  "CONSTRAINT.kind": {
    c: "check",
    f: "foreign key",
    p: "primary key",
    u: "unique",
    x: "exclusion",
    n: "not null",
    t: "trigger",
  },
  "TRIGGER.enabled": enabled,
  "RULE.enabled": enabled,
  "EVENT TRIGGER.enabled": enabled,
  "FUNCTION.volatility": { i: "immutable", s: "stable", v: "volatile" },
  "FUNCTION.parallel safety": parallelSafety,
  "PROCEDURE.parallel safety": parallelSafety,
  "AGGREGATE.parallel safety": parallelSafety,
  "POLICY.command": { r: "select", a: "insert", w: "update", d: "delete", "*": "all" },
  "CAST.context": { e: "explicit", a: "assignment", i: "implicit" },
  "COLLATION.provider": { c: "libc", i: "icu", b: "builtin", d: "default" },
};

export function wordFor(object: string, fact: string, value: string | null): string | null {
  return value === null ? null : (words[`${object}.${fact}`]?.[value] ?? value);
}

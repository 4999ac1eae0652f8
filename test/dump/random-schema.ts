/** A seeded generator of numbers below 1 (mulberry32): the same seed gives the same schemas for ever. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A type and an expression over the row's number `i` that gives its values. */
const columns: readonly [type: string, value: string][] = [
  ["int", "i * 7 - 3"],
  ["bigint", "i::bigint * 900719925474099"],
  ["smallint", "mod(i, 32000)"],
  ["text", "repeat(md5(i::text), 1 + mod(i, 9))"],
  ["text", "E'a\\tb\\\\c\\nd' || i"],
  ["text", "chr(1 + mod(i, 900)) || '\\.' || chr(33 + mod(i, 90))"],
  ["text", "case when mod(i, 50) = 0 then repeat(md5(i::text), 300) end"],
  ["varchar(40)", "left(md5(i::text), mod(i, 33))"],
  ["char(10)", "left(md5(i::text), mod(i, 11))"],
  ["numeric", "i / 7.0"],
  ["numeric(20, 5)", "i * 1.00001"],
  ["float8", "sin(i)"],
  ["float4", "(cos(i) * 1e20)::float4"],
  ["bool", "mod(i, 3) = 0"],
  ["date", "'2000-01-01'::date + i"],
  ["timestamptz", "'2024-01-01'::timestamptz + i * interval '1.234567 seconds'"],
  ["interval", "i * interval '1 month 2 days 3.5 seconds'"],
  ["uuid", "md5(i::text)::uuid"],
  ["jsonb", "jsonb_build_object('k', i, 't', md5(i::text), 'n', null)"],
  ["json", "json_build_array(i, E'\\n\\t\"', i / 2)"],
  ["bytea", "decode(md5(i::text), 'hex')"],
  ["inet", "('10.' || mod(i, 250) || '.0.1/16')::inet"],
  ["int[]", "array[i, null, i * 2]"],
  ["text[]", "array['a,b', E'\"\\\\', null, md5(i::text)]"],
  ["int4range", "int4range(i, i + 5)"],
  ["tsvector", "to_tsvector('simple', md5(i::text))"],
  ["point", "point(i, -i)"],
  ["bit(8)", "mod(i, 256)::bit(8)"],
];

const names = ["t", "Mixed Case", 'q"uote', "ünï☃", "semi;colon", "select", "back\\slash", "per%cent", "$dollar", "𝄞"];

/** SQL of one schema, as wild as chance will have it. */
export function randomSchema(seed: number): string {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const schema = `"r${seed} ${names[below(names.length)]?.replaceAll('"', '""')}"`;
  const tables = Array.from({ length: 1 + below(3) }, (_, index) => randomTable(schema, index, below));
  return [`create schema ${schema};`, ...tables].join("\n");
}

function randomTable(schema: string, index: number, below: (limit: number) => number): string {
  const table = `${schema}."${names[below(names.length)]?.replaceAll('"', '""')}${index}"`;
  const chosen = Array.from({ length: below(9) }, () => columns[below(columns.length)] ?? columns[0]);
  const definitions = chosen.map((column, number) => `"c${number} ${number % 3 === 0 ? "ü" : "x"}" ${column?.[0]}`);
  const nullEvery = 2 + below(20);
  const values = chosen.map((column) => `case when mod(i, ${nullEvery}) <> 1 then ${column?.[1]} end`);
  const rows = [0, 1, 7, 60, 400, 1500][below(6)] ?? 0;
  const kind = below(12) === 0 ? "unlogged table" : "table";
  const create = `create ${kind} ${table} (${definitions.join(", ")});`;
  const insert = `insert into ${table} select ${values.join(", ")} from generate_series(1, ${rows}) i;`;
  return [create, insert, ...randomChanges(table, definitions, below)].join("\n");
}

function randomChanges(table: string, definitions: readonly string[], below: (limit: number) => number): string[] {
  const changes: string[] = [];
  if (below(3) === 0) changes.push(`delete from ${table} where mod((ctid::text::point)[1]::int, ${2 + below(5)}) = 0;`);
  if (below(4) === 0) changes.push(`alter table ${table} add "added late" int default 42;`);
  if (below(4) === 0) changes.push(`alter table ${table} add gen int generated always as (${below(9)}) stored;`);
  const dropped = definitions[below(Math.max(1, definitions.length))];
  if (below(4) === 0 && dropped !== undefined)
    changes.push(`alter table ${table} drop column ${dropped.slice(0, dropped.indexOf('"', 1) + 1)};`);
  if (below(4) === 0) changes.push(`create table ${table.slice(0, -1)} child" () inherits (${table});`);
  return changes;
}

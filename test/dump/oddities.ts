import type { Major } from "../local/postgres/binaries.ts";
import type { MadeUpExtension } from "../local/postgres/extensions.ts";

/** Configuration tables: one whole, one with a condition, one whose condition names an odd column, one that is not configuration. */
export const oddExtension: MadeUpExtension = {
  name: "odd_config",
  version: "1.0",
  sql: `
    create table odd_settings (name text primary key, value text, builtin bool default false);
    create table odd_all (id int, "Wert ü" text);
    create table odd_plain (id int);
    insert into odd_settings values ('a', 'comes with the extension', true), ('b', 'as well', true);
    insert into odd_plain values (1);
    select pg_catalog.pg_extension_config_dump('odd_settings', 'where not builtin order by name');
    select pg_catalog.pg_extension_config_dump('odd_all', '');`,
};

/** A database's worth of what could trip a dump: statements to run one after another, as a superuser. */
export function oddities(major: Major): string[] {
  return [
    identifiers,
    types,
    values,
    shapes,
    "vacuum holes",
    moved,
    partitions,
    storage,
    extensionRows,
    largeObjects,
    others,
    wideTable(),
    ...(major >= 18 ? [virtualColumns] : []),
  ];
}

const identifiers = `
  create schema "Schema with ""quotes"" and ünïcode ☃";
  create table "Schema with ""quotes"" and ünïcode ☃"."select; drop table x --" ("a b" int, "c""d" text, "eé" text, "𝄞" text, "%s" int, "\\" text, "$1" int);
  insert into "Schema with ""quotes"" and ünïcode ☃"."select; drop table x --"
    select i, 'v' || i, 'é' || i, '𝄞', i, '\\', i from generate_series(1, 300) i;
  create table "line
break	tab" ("new
line" int, " lead" int, "UPPER" int, "from" int);
  insert into "line
break	tab" values (1, 2, 3, 4);
  create table "${"n".repeat(63)}" ("${"ü".repeat(31)}" int);
  insert into "${"n".repeat(63)}" values (1);
  create table "table" ("order" int, "group" text, "user" text);
  insert into "table" values (1, 'x', 'y');
  create table "ends with backslash\\" (a int); insert into "ends with backslash\\" values (1);
  create table "U&""quoted" ("(a, b) FROM stdin;" int); insert into "U&""quoted" values (7);`;

const types = `
  create type mood as enum ('sad', 'it''s ok', 'häppy', 'a,b"c');
  create type pair as (a int, "B b" text);
  create type nested as (p pair, q pair[], m mood);
  create domain positive as int check (value > 0);
  create domain pairs as pair[];
  create domain short as varchar(9) collate "C";
  create type span as range (subtype = float8, subtype_diff = float8mi);
  create table every_type (
    c1 bool, c2 "char", c3 name, c4 int2, c5 int4, c6 int8, c7 float4, c8 float8, c9 numeric, c10 numeric(30, 10), c11 money, c12 text,
    c13 varchar(12), c14 char(7), c15 bytea, c16 date, c17 time(3), c18 timetz, c19 timestamp, c20 timestamptz, c21 interval, c22 uuid,
    c23 json, c24 jsonb, c25 jsonpath, c26 inet, c27 cidr, c28 macaddr, c29 macaddr8, c30 bit(5), c31 varbit, c32 point, c33 line,
    c34 lseg, c35 box, c36 path, c37 polygon, c38 circle, c39 tsvector, c40 tsquery, c41 oid, c42 regtype, c43 xid, c44 xid8, c45 cid,
    c46 tid, c47 pg_lsn, c48 pg_snapshot, c49 int2vector, c50 oidvector, c51 int4range, c52 numrange, c53 tstzrange, c54 daterange,
    c55 int8multirange, c56 tsmultirange, c57 mood, c58 pair, c59 nested, c60 positive, c61 pairs, c62 short, c63 span, c64 int[],
    c65 text[][], c66 mood[], c67 pair[], c68 positive[], c69 tstzrange[], c70 refcursor, c71 aclitem, c72 regclass);
  insert into every_type values (
    true, 'x', 'name', -32768, -2147483648, -9223372036854775808, 'NaN', '-Infinity', 'NaN', 12345678901234567890.0123456789, 12.34, E'a\\tb\\nc\\\\d\\r',
    'twelve chars', 'pad', '\\x00ff0a5c09', 'infinity', '24:00', '23:59:59.999999-15:59', '4713-01-01 BC', '294276-12-31 23:59:59.999999+00',
    '-178000000 years 3 mons -2 days 04:05:06.789', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" : [1,  2]}', '{"a\\u0041": [1, 2.50, null]}',
    '$.a[*] ? (@ > 1)', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '10101', '1011', '(1.5,-2)', '{1,2,3}', '[(0,0),(1,1)]',
    '(2,2),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,2),3>', '''a'':1 ''b c'':2A', '''a'' & !''b''', 4294967295, 'int4', '4294967295', '18446744073709551615',
    '7', '(4294967294,65535)', 'FFFFFFFF/FFFFFFFF', '10:20:10,14,15', '1 2 3', '1 2', '[1,5)', '(,1.5]', '[2024-01-01 00:00+00,infinity)', 'empty',
    '{[1,3),[5,9)}', '{[2024-01-01,2024-02-01)}', 'a,b"c', '(1,"x ""y"", z")', '("(1,a)","{""(2,b)"",""(,)""}",sad)', 5, array[row(1, 'a')::pair, null]::pairs, 'kurz',
    '[-1.5,2.5]', '[-2:0]={1,NULL,3}', '{{"a","b,c"},{NULL,"\\"q\\""}}', '{sad,"a,b\\"c"}', array[row(1, E'x\\ty')::pair], '{1,2}', '{"[2024-01-01 00:00+00,2024-01-02 00:00+00)"}',
    'cursor', 'postgres=r/postgres', 'pg_class');
  insert into every_type (c7, c8, c9) values ('-0', '1e-310', '1e-300'), ('1.1754944e-38', '2.2250738585072011e-308', '-1e1000'), ('3.4028235e38', '0.1', 'Infinity');
  insert into every_type default values;
  insert into every_type (c5, c12) select i, repeat('x', i) from generate_series(1, 500) i;`;

const values = `
  create table escapes (id int, t text, b bytea, a text[]);
  insert into escapes select i, 'a' || chr(i) || 'b', decode(lpad(to_hex(i % 256), 2, '0'), 'hex'), array[chr(i), '\\' || chr(i)] from generate_series(1, 700) i;
  insert into escapes values (1001, '\\N'), (1002, '\\.'), (1003, E'\\n\\\\.\\n'), (1004, E'\\\\.\\n'), (1005, ''), (1006, null), (1007, E'\\b\\f\\n\\r\\t\\v\\\\'),
    (1008, '\\\\N'), (1009, E'\\\\\\n'), (1010, E'\\t\\t\\t'), (1011, E'trailing\\\\');
  create table dots (t text); insert into dots values ('\\.'), ('.'), (''), (null), (E'\\\\.'), (E'\\n');
  create table mostly_null as select i as id, null::text as a, null::jsonb as b, null::int[] as c, case when i % 97 = 0 then 'rare' end as d from generate_series(1, 4000) i;
  create table empty (id int primary key, t text);
  create table emptied as select i from generate_series(1, 1000) i; delete from emptied;
  create table no_columns (); insert into no_columns select from generate_series(1, 500);
  create table no_rows_or_columns ();`;

const shapes = `
  create table generated (id int generated always as identity (start 7 increment 3), a int, b int generated always as (a * 2) stored, c text);
  insert into generated (a, c) select i, 'c' || i from generate_series(1, 100) i;
  create table by_default (id bigint generated by default as identity, t text); insert into by_default (t) values ('x');
  create table all_generated (a int generated always as (1) stored, b text generated always as ('x') stored);
  insert into all_generated select from generate_series(1, 40);
  create table dropped (a int, gone text, b text, gone2 int, c int); insert into dropped select i, 'gone', 'b' || i, i, i from generate_series(1, 300) i;
  alter table dropped drop gone, drop gone2, add d int default 5;
  create table all_dropped (a int, b int); insert into all_dropped select i, i from generate_series(1, 20) i; alter table all_dropped drop a, drop b;
  create table holes as select i as id, repeat('h', 200) as t from generate_series(1, 20000) i;
  delete from holes where id % 3 = 0 or id between 4000 and 9000; update holes set t = 'moved ' || id where id % 7 = 0;
  create table parent (id int, t text); insert into parent values (1, 'parent');
  create table child (extra int) inherits (parent); insert into child select i, 'child', i from generate_series(1, 2000) i;
  create table other_parent (id int, o int); create table "both" () inherits (parent, other_parent); insert into "both" values (2, 'both', 3);`;

const moved = "update holes set t = 'again ' || id where id % 11 = 0";

const partitions = `
  create table measured (at date, region text, v int) partition by range (at);
  create table measured_2024 partition of measured for values from ('2024-01-01') to ('2025-01-01') partition by list (region);
  create table measured_2024_eu partition of measured_2024 for values in ('eu', 'uk') partition by hash (v);
  create table measured_2024_eu_0 partition of measured_2024_eu for values with (modulus 2, remainder 0);
  create table measured_2024_eu_1 partition of measured_2024_eu for values with (modulus 2, remainder 1);
  create table measured_2024_rest partition of measured_2024 default;
  create table attached (dropme int, v int, at date, region text); alter table attached drop dropme;
  alter table measured attach partition attached for values from ('2025-01-01') to ('2026-01-01');
  insert into measured select '2024-01-01'::date + i % 700, (array['eu', 'uk', 'us', null])[1 + i % 4], i from generate_series(1, 3000) i;
  create table by_mood (m mood, n int) partition by hash (m);
  create table by_mood_0 partition of by_mood for values with (modulus 3, remainder 0);
  create table by_mood_1 partition of by_mood for values with (modulus 3, remainder 1);
  create table by_mood_2 partition of by_mood for values with (modulus 3, remainder 2);
  insert into by_mood select (enum_range(null::mood))[1 + i % 4], i from generate_series(1, 1000) i;`;

const storage = `
  create table toasted (id int, ext text, main text, plain text, b bytea, j jsonb);
  alter table toasted alter ext set storage external, alter main set storage main, alter plain set storage plain, alter b set storage external;
  insert into toasted select i, repeat(md5(i::text), 200 + i * 10), repeat('m' || i, 3000), 'p', decode(repeat(md5(i::text), 500), 'hex'),
    (select jsonb_object_agg(k, md5((k * i)::text)) from generate_series(1, 200) k) from generate_series(1, 150) i;
  create table huge (id int, t text, b bytea);
  insert into huge values (1, repeat(E'line\\twith tab\\n', 250000), null), (2, null, decode(repeat('00ff5c0a', 400000), 'hex')), (3, '', '');
  alter table huge set (toast_tuple_target = 128);`;

const extensionRows = `
  create extension odd_config;
  insert into odd_settings values ('mine', E'tab\\t', false), ('also mine', null, false);
  insert into odd_all values (1, 'ä'), (2, null);
  create extension citext; create extension hstore; create extension pg_trgm;
  create table of_extensions (c citext, h hstore); insert into of_extensions values ('CaSe', 'a=>"b \\"c\\"", d=>NULL');`;

const largeObjects = `
  select lo_create(70000); select lo_create(4294967294); select lo_create(2147483648); select lo_create(3000000000);
  select lo_from_bytea(70001, 'small'), lo_from_bytea(4000000001, decode(repeat('00ff0a5c', 300000), 'hex')), lo_from_bytea(70002, decode(repeat('ab', 1048576), 'hex')),
    lo_from_bytea(70003, decode(repeat('cd', 2097152), 'hex'));
  select lo_put(2147483648, 5000000, 'sparse');
  comment on large object 70001 is 'a comment'; grant select on large object 70002 to public;
  select lo_from_bytea(71000 + i, convert_to(repeat('object ' || i, i), 'UTF8')) from generate_series(1, 1100) i;`;

const others = `
  create unlogged table unlogged as select i from generate_series(1, 500) i;
  create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;
  create foreign table elsewhere (a int, b text) server nowhere;
  create table secured (id int, t text); alter table secured enable row level security; create policy nobody on secured using (false);
  insert into secured select i, 'secret ' || i from generate_series(1, 200) i;
  create view v as select * from secured; create materialized view mv as select count(*) from secured;
  create sequence s start 5; select nextval('s');
  create table ruled (a int); create rule r as on insert to ruled do also notify ruled; insert into ruled values (1);
  create table referenced (id int primary key, up int references referenced); insert into referenced values (1, null), (2, 1);`;

function wideTable(): string {
  const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int`);
  const numbers = Array.from({ length: 1600 }, (_, index) => (index % 5 === 0 ? "null" : `i + ${index}`));
  return `create table wide (${columns.join(", ")}); insert into wide select ${numbers.join(", ")} from generate_series(1, 20) i;`;
}

const virtualColumns = `
  create table with_virtual (a int, b int generated always as (a + 1) virtual, c int generated always as (a + 2) stored, d text);
  insert into with_virtual (a, d) select i, 'd' from generate_series(1, 200) i;
  create table all_virtual (a int generated always as (1) virtual); insert into all_virtual select from generate_series(1, 12);`;

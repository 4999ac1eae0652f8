import pg from "pg";

/** What `fillDatabase` is asked for. */
export interface DataOptions {
  /** Bytes of tables and TOAST on disk, large objects included; indexes are no part of a dump. */
  bytes: number;
  /** Little tables beside the big ones. */
  smallTables: number;
}

/** Share of the bytes and bytes of one row on disk, measured once; the sum of the shares is 1. */
const shares = {
  events: { share: 0.6, rowBytes: 549 },
  documents: { share: 0.12, rowBytes: 14_600 },
  images: { share: 0.06, rowBytes: 17_500 },
  readings: { share: 0.1, rowBytes: 52 },
  orders: { share: 0.1, rowBytes: 181 },
  largeObjects: { share: 0.02, rowBytes: 141_000 },
};

type Part = keyof typeof shares;

/**
 * Sentences of words drawn from the server's own catalogue comments, as often as they stand there: the vocabulary and the
 * repetition of English without any text of ours. Everything longer is put together of them.
 */
const commonSql = `
  create extension if not exists pgcrypto;
  create unlogged table phrases (id int primary key, t text not null);
  select setseed(0.42);
  insert into phrases
  select i, (select string_agg(words.w[1 + n * 0 + floor(random() * words.count)::int], ' ') from generate_series(1, 6 + i % 9) n)
  from generate_series(0, 49999) i,
    (select array_agg(word) as w, count(*) as count from pg_description, regexp_split_to_table(description, '\\s+') word
     where word <> '') words;
  analyze phrases;`;

const tablesSql = `
  create table events (
    id bigint generated always as identity primary key, public_id uuid not null, account_id int not null, kind text not null,
    occurred_at timestamptz not null, amount numeric(12, 2), message text, payload jsonb not null, tags text[]);
  create table documents (
    id int primary key, title text not null, body text not null, properties jsonb not null, updated_at timestamptz);
  create table images (id int primary key, name text not null, content bytea not null);
  alter table images alter column content set storage external;
  create table readings (sensor_id int not null, at timestamptz not null, value real, quality smallint);
  create table orders (
    id bigint primary key, customer_id int not null, state text not null, total numeric(12, 2), currency char(3),
    email text, address text, note text, placed_on date not null);`;

const fillSql: Record<Part, string> = {
  events: `
    insert into events (public_id, account_id, kind, occurred_at, amount, message, payload, tags)
    select gen_random_uuid(), (random() * 40000)::int, (array['page.view', 'order.created', 'order.paid', 'mail.sent', 'login'])[1 + i % 5],
      '2024-01-01'::timestamptz + i * interval '1.37 seconds', round((random() * 900)::numeric, 2), p.t || ' ' || q.t,
      jsonb_build_object('request', md5(i::text), 'path', '/' || replace(substr(q.t, 1, 18), ' ', '/'), 'ms', (random() * 900)::int,
        'agent', 'Mozilla/5.0 (X11; Linux x86_64) ' || (i % 90), 'ip', (i % 223) || '.' || (i % 251) || '.7.' || (i % 89), 'ok', i % 9 > 0,
        'items', jsonb_build_array(i % 1000, (i * 31) % 1000, p.t)),
      case when i % 4 = 0 then array[substr(p.t, 1, 6), substr(q.t, 1, 5)] end
    from generate_series(:from::bigint, :to) i
    join phrases p on p.id = mod(i * 7919, 50000) join phrases q on q.id = mod(i * 104729 + 13, 50000)`,
  documents: `
    insert into documents
    select i, initcap(p.t), b.body, jsonb_build_object('author', p.t, 'words', length(b.body), 'parts', b.parts), now()
    from generate_series(:from::bigint, :to) i join phrases p on p.id = mod(i * 7919, 50000)
    cross join lateral (select string_agg(t, '. ') as body, jsonb_agg(id) as parts from phrases
      where id between mod(i * 977, 49000) and mod(i * 977, 49000) + 40 + mod(i * 37, 300)) b`,
  images: `
    insert into images
    select i, 'image-' || i || '.jpg', (select string_agg(gen_random_bytes(1024), '') from generate_series(1, 1 + (i % 30)::int))
    from generate_series(:from::bigint, :to) i`,
  readings: `
    insert into readings
    select mod(i, 500), '2025-01-01'::timestamptz + (i / 500) * interval '10 seconds', (sin(i / 1000.0) * 20 + random())::real, (i % 7 = 0)::int
    from generate_series(:from::bigint, :to) i`,
  orders: `
    insert into orders
    select i, (random() * 90000)::int, (array['cart', 'paid', 'shipped', 'returned'])[1 + i % 4], round((random() * 400)::numeric, 2), 'EUR',
      'customer' || (i % 90000) || '@example.com', (i % 300) || ' ' || p.t, case when i % 5 = 0 then p.t end, '2023-01-01'::date + (i / 3000)::int
    from generate_series(:from::bigint, :to) i join phrases p on p.id = mod(i * 7919, 50000)`,
  largeObjects: `
    select lo_from_bytea(0, convert_to((select string_agg(t, E'\\n') from phrases
      where id between mod(i * 331, 40000) and mod(i * 331, 40000) + mod(i * 53, 3500)), 'UTF8'))
    from generate_series(:from::bigint, :to) i`,
};

/** Fills an empty database, on as many connections as there are processors. */
export async function fillDatabase(url: string, options: DataOptions): Promise<void> {
  await run(url, commonSql);
  await run(url, tablesSql);
  const statements = (Object.keys(shares) as Part[]).flatMap((part) => listStatements(part, options.bytes));
  await runSpread(url, [...statements, ...smallTables(options.smallTables)]);
  await run(url, "drop table phrases; drop extension pgcrypto; checkpoint");
  await run(url, "vacuum (freeze, analyze)");
}

/** Only little tables, five to fifty rows each. */
export async function fillSmallTables(url: string, count: number): Promise<void> {
  await runSpread(url, smallTables(count));
  await run(url, "vacuum (freeze, analyze)");
}

function listStatements(part: Part, bytes: number): string[] {
  const { share, rowBytes } = shares[part];
  const rows = Math.max(1, Math.round((bytes * share) / rowBytes));
  const step = Math.max(1, Math.ceil(64e6 / rowBytes));
  const count = Math.ceil(rows / step);
  return Array.from({ length: count }, (_, index) =>
    fillSql[part]
      .replaceAll(":from", String(index * step + 1))
      .replaceAll(":to", String(Math.min(rows, (index + 1) * step))),
  );
}

const tablesPerStatement = 100;

function smallTables(count: number): string[] {
  const make = (
    from: number,
  ): string => `do $$ begin for n in ${from}..${Math.min(count, from + tablesPerStatement - 1)} loop
    execute format('create table small_%s (id int primary key, name text not null, note text, at timestamptz default now())', n);
    execute format('insert into small_%s select i, md5(i::text), md5((i * %s)::text) from generate_series(1, %s) i', n, n, 5 + n % 46);
    end loop; end $$`;
  return Array.from({ length: Math.ceil(count / tablesPerStatement) }, (_, index) =>
    make(index * tablesPerStatement + 1),
  );
}

async function runSpread(url: string, statements: string[]): Promise<void> {
  const queue = [...statements];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(url, next);
  };
  await Promise.all([work(), work()]);
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

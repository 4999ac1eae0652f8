-- Single changes to a migrated database, behind our back. Each block: what it is; the object, its name and a part of what must be
-- said of it; if a rollback does not undo it, what does; the change itself.

-- one character of one row
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set name = replace(name, 'K', 'k') where id = 110;

-- a trailing blank
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set name = name || ' ' where id = 110;

-- a NULL turned empty
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set notes = '' where id = 104;

-- an empty text turned NULL
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set notes = null where id = 102;

-- the last digit of a float
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set weight = weight + 1e-16 where id = 110;

-- a float's sign of zero
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set small = '0' where id = 106;

-- a NaN turned into a number
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set total = 0 where id = 106;

-- infinity turned into a date
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set at = '2026-01-01 00:00+00' where id = 106;

-- a trailing zero of a numeric
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set total = total::numeric(20, 5) where id = 110;

-- a microsecond
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set at = at + interval '1 microsecond' where id = 110;

-- 30 days instead of a month
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set lasts = interval '30 days' where id = 110;

-- a bit of a bytea
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set blob = set_bit(blob, 0, 1 - get_bit(blob, 0)) where id = 110;

-- the order of the keys of a json
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set raw = '{"a":1, "b" : 6}' where id = 110;

-- a value inside a jsonb
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set details = details || '{"n": -1}' where id = 110;

-- the order of an array's items
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set list = array[list[3], list[2], list[1]] where id = 110;

-- an array's NULL turned into text
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set words = array['', 'NULL', 'a,b', '"'] where id = 110;

-- another label of an enum
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set state = 'paid' where id = 110;

-- a field of a composite
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set amount = row((amount).amount, 'USD')::shop.money_amount where id = 110;

-- a range's bound that is no longer included
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set span = shop.float_span(lower(span), upper(span), '[]') where id = 110;

-- an empty range
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set span = null where id = 106;

-- a day in a year before Christ
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set born = born + 1 where id = 110;

-- a uuid's digit
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set key = 'ffffffff-ffff-ffff-ffff-ffffffffffff' where id = 110;

-- an address's mask
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set address = set_masklen(address, 25) where id = 110;

-- a bit string's length
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set bits = b'10110' where id = 110;

-- a key's case where case does not count
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set email = lower(email) where id = 110;

-- a value of an hstore
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set tags = 'n=>"x"' where id = 110;

-- a point
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set place = point(0, 0) where id = 110;

-- white space in an xml
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set document = '<a> é</a>' where id = 110;

-- a weight of a tsvector
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set vector = 'fat:2B cat:3' where id = 110;

-- a value of a domain
-- TABLE | shop.customer | rows on both sides, but not the same ones
update shop.customer set discount = discount + 0.01 where id = 110;

-- two rows exchange a value
-- TABLE | shop.text_key | rows on both sides, but not the same ones
update shop.text_key t set meaning = case word when 'word1' then 'means 3' else 'means 1' end where word in ('word1', 'word3');

-- a row of a table without a key
-- TABLE | shop.no_key | rows on both sides, but not the same ones
update shop.no_key set b = 'y' where ctid = '(0,1)';

-- two values of one row exchanged
-- TABLE | shop.shape | rows on both sides, but not the same ones
update shop.shape set a = 5, "Weird ""Col" = 6 where a = 5;

-- a row moved between hash partitions' root and itself
-- TABLE | shop.spread | rows on both sides, but not the same ones
update shop.spread set v = 'V1' where id = 1;

-- a row of a child
-- TABLE | shop.child | rows on both sides, but not the same ones
update only shop.child set a = 'TWO';

-- a row of an odd table
-- TABLE | Ünusual "schema".Tàble.with.dots | rows on both sides, but not the same ones
update "Ünusual ""schema"""."Tàble.with.dots" set "sélect" = 'uni' where "order" = 1;

-- a lost row
-- TABLE | shop.no_key | 500 on the source, 499 on the target
delete from shop.no_key where ctid = '(0,3)';

-- a row too many
-- TABLE | shop.no_key | 501 on the target
insert into shop.no_key select * from shop.no_key limit 1;

-- a lost row without columns
-- TABLE | shop.no_columns | 2 on the source, 1 on the target
delete from shop.no_columns where ctid = '(0,1)';

-- a truncated unlogged table
-- TABLE | shop.scratch | 1 on the source, 0 on the target
truncate shop.scratch;

-- a row swapped between tables
-- TABLE | shop.parent | 1 on the source, 0 on the target
with gone as (delete from only shop.parent returning *) insert into shop.child (id, a, late) select * from gone;

-- a lost row of a partition
-- TABLE | shop.event_2025 | 365 on the source, 364 on the target
delete from shop.event_2025 where id = 401;

-- a lost table
-- TABLE | shop.text_key | is not on the target
drop table shop.text_key;

-- a table too many
-- TABLE | shop.extra | is not on the source
create table shop.extra (id int);

-- a lost schema
-- SCHEMA | Ünusual "schema" | is not on the target
drop schema "Ünusual ""schema""" cascade;

-- an unlogged table that is logged
-- TABLE | shop.scratch | persistence: "unlogged" on the source, "permanent" on the target
alter table shop.scratch set logged;

-- a storage parameter
-- TABLE | shop.customer | options: "fillfactor=70" on the source, none on the target
alter table shop.customer reset (fillfactor);

-- a TOAST parameter
-- TABLE | shop.customer | TOAST options
alter table shop.customer reset (toast.autovacuum_enabled);

-- the replica identity
-- TABLE | shop.customer | replica identity
alter table shop.customer replica identity default;

-- row-level security switched off
-- TABLE | shop.customer | row-level security
alter table shop.customer disable row level security;

-- row-level security forced
-- TABLE | shop.customer | forced row-level security
alter table shop.customer force row level security;

-- a detached partition
-- TABLE | shop.event_old | partition bound
alter table shop.event detach partition shop.event_old;

-- a partition's bound
-- TABLE | shop.event_old | partition bound
alter table shop.event detach partition shop.event_old; alter table shop.event attach partition shop.event_old for values from ('1900-01-01') to ('2025-01-01');

-- an inheritance that ended
-- TABLE | shop.grandchild | parents
alter table shop.grandchild no inherit shop.other_parent;

-- a lost column
-- COLUMN | shop.text_key.meaning | is not on the target
alter table shop.text_key drop column meaning;

-- a column too many
-- COLUMN | shop.no_key.c | is not on the source
alter table shop.no_key add column c int;

-- a wider type
-- COLUMN | shop.shape.a | type: "integer" on the source, "bigint" on the target
alter table shop.shape alter column a type bigint;

-- a type's length
-- COLUMN | shop.customer.code | "character(5)"
alter table shop.customer alter column code type char(6);

-- a lost default
-- COLUMN | shop.customer.name | default
alter table shop.customer alter column name drop default;

-- another default
-- COLUMN | shop.parent.a | default: "'p'::text" on the source, "'q'::text" on the target
alter table shop.parent alter column a set default 'q';

-- a default of a view's column
-- COLUMN | shop.paid.name | default
alter view shop.paid alter column name drop default;

-- a lost not null
-- COLUMN | shop.orders.placed | not null: "true" on the source, "false" on the target
alter table shop.orders alter column placed drop not null;

-- a new not null
-- COLUMN | shop.no_key.a | not null
alter table shop.no_key alter column a set not null;

-- a collation
-- COLUMN | shop.text_key.word | collation
alter table shop.text_key alter column word type text collate "POSIX";

-- identity by default instead of always
-- COLUMN | shop.customer.id | identity
alter table shop.customer alter column id set generated by default;

-- a generated column that no longer is
-- COLUMN | shop.customer.doubled | generation
alter table shop.customer alter column doubled drop expression;

-- a storage
-- COLUMN | shop.customer.notes | storage
alter table shop.customer alter column notes set storage extended;

-- a compression
-- COLUMN | shop.customer.notes | compression
alter table shop.customer alter column notes set compression pglz;

-- a statistics target
-- COLUMN | shop.customer.name | statistics target: "333" on the source, "334" on the target
alter table shop.customer alter column name set statistics 334;

-- a column's options
-- COLUMN | shop.customer.total | options
alter table shop.customer alter column total reset (n_distinct);

-- two columns' places
-- COLUMN | shop.shape.a | place
alter table shop.shape drop column a; alter table shop.shape add column a int;

-- an attribute of a composite type
-- COLUMN | shop.money_amount.more | is not on the source
alter type shop.money_amount add attribute more int cascade;

-- a lost primary key
-- CONSTRAINT | shop.scratch.scratch_pkey | is not on the target
alter table shop.scratch drop constraint scratch_pkey;

-- a lost foreign key
-- CONSTRAINT | shop.event_link.event_link_event_happened_fkey | is not on the target
alter table shop.event_link drop constraint event_link_event_happened_fkey;

-- a foreign key's action
-- CONSTRAINT | shop.orders.orders_customer_fkey | definition
alter table shop.orders drop constraint orders_customer_fkey; alter table shop.orders add constraint orders_customer_fkey foreign key (customer) references shop.customer deferrable initially deferred;

-- a foreign key no longer deferred
-- CONSTRAINT | shop.orders.orders_customer_fkey | deferred
alter table shop.orders alter constraint orders_customer_fkey deferrable initially immediate;

-- a foreign key whose triggers are off
-- CONSTRAINT | shop.orders.orders_customer_fkey | enforced: "true" on the source, "false" on the target
alter table shop.orders disable trigger all;

-- a constraint that was validated
-- CONSTRAINT | shop.orders.total_positive | validated: "false" on the source, "true" on the target
alter table shop.orders validate constraint total_positive;

-- a constraint that is not validated
-- CONSTRAINT | shop.customer.named_not_valid | validated: "true" on the source, "false" on the target
alter table shop.customer drop constraint named_not_valid; alter table shop.customer add constraint named_not_valid check (length(name) < 1000) not valid;

-- a check's expression
-- CONSTRAINT | shop.child.b_short | definition
alter table shop.child drop constraint b_short; alter table shop.child add constraint b_short check (length(b) < 101);

-- a check that is inherited
-- CONSTRAINT | shop.customer.cheap | no inherit
alter table shop.customer drop constraint cheap; alter table shop.customer add constraint cheap check (total < 1e30 or total = 'NaN');

-- a domain's lost constraint
-- CONSTRAINT | shop.percent.at_most_100 | is not on the target
alter domain shop.percent drop constraint at_most_100;

-- a lost exclusion
-- CONSTRAINT | shop.orders.orders_during_excl | is not on the target
alter table shop.orders drop constraint orders_during_excl;

-- a lost index
-- INDEX | shop.orders.orders_lower | is not on the target
drop index shop.orders_lower;

-- an index too many
-- INDEX | shop.no_key.extra | is not on the source
create index extra on shop.no_key (a);

-- an invalid index
-- INDEX | shop.orders.orders_note | valid: "true" on the source, "false" on the target
update pg_index set indisvalid = false where indexrelid = 'shop.orders_note'::regclass;

-- an index that is not ready
-- INDEX | shop.orders.orders_note | ready
update pg_index set indisready = false where indexrelid = 'shop.orders_note'::regclass;

-- an index's order
-- INDEX | shop.orders.orders_lower | definition
drop index shop.orders_lower; create index orders_lower on shop.orders (lower(note) text_pattern_ops, total) include (placed) where total > 0; alter index shop.orders_lower alter column 1 set statistics 55;

-- an index's storage parameter
-- INDEX | shop.orders.orders_brin | pages_per_range
alter index shop.orders_brin set (pages_per_range = 9);

-- an index's statistics target
-- INDEX | shop.orders.orders_lower | statistics targets
alter index shop.orders_lower alter column 1 set statistics 56;

-- the index that a table is clustered on
-- INDEX | shop.orders.orders_pkey | clustered on
alter table shop.orders set without cluster;

-- a lost view
-- VIEW | shop.countdown | is not on the target
drop view shop.countdown;

-- a view's condition
-- VIEW | shop.countdown | definition
create or replace view shop.countdown as with recursive down (n) as (values (3) union all select down.n - 1 from down where down.n > 1) select n from down;

-- a view's options
-- VIEW | shop.paid | options
alter view shop.paid reset (security_barrier);

-- an unpopulated matview
-- MATERIALIZED VIEW | shop.totals | populated: "true" on the source, "false" on the target
refresh materialized view shop.totals with no data;

-- a populated matview
-- MATERIALIZED VIEW | shop.not_populated | populated
refresh materialized view shop.not_populated;

-- a function's body
-- FUNCTION | shop.series(integer) | body differs
create or replace function shop.series(n int) returns table (i int, square int) language sql stable rows 17 as $$ select g, g * g + 0 from generate_series(1, n) as g $$;

-- a body in the standard's form
-- FUNCTION | shop.double(integer, integer) | SQL body
create or replace function shop.double(value int, factor int default 2) returns int language sql immutable strict parallel safe cost 7 return value * factor + 0;

-- a function's argument's default
-- FUNCTION | shop.double(integer, integer) | arguments
create or replace function shop.double(value int, factor int default 3) returns int language sql immutable strict parallel safe cost 7 return value * factor;

-- a function's volatility
-- FUNCTION | shop.double(integer, integer) | volatility
alter function shop.double(int, int) stable;

-- a function's strictness
-- FUNCTION | shop.double(integer, integer) | strict
alter function shop.double(int, int) called on null input;

-- a function's parallel safety
-- FUNCTION | shop.double(integer, integer) | parallel safety
alter function shop.double(int, int) parallel unsafe;

-- a function's cost
-- FUNCTION | shop.double(integer, integer) | cost
alter function shop.double(int, int) cost 8;

-- a function's security
-- FUNCTION | shop.touch() | security definer
alter function shop.touch() security invoker;

-- a function's settings
-- FUNCTION | shop.touch() | settings
alter function shop.touch() reset search_path;

-- a lost function
-- FUNCTION | shop.series(integer) | is not on the target
drop function shop.series(int);

-- a lost procedure
-- PROCEDURE | shop.nothing(integer) | is not on the target
drop procedure shop.nothing(int);

-- an aggregate's initial value
-- AGGREGATE | shop.list(text) | initial value
create or replace aggregate shop.list(text) (sfunc = shop.concat_state, stype = text, initcond = 'List:');

-- a disabled trigger
-- TRIGGER | shop.customer.touch | enabled: "enabled" on the source, "disabled" on the target
alter table shop.customer disable trigger touch;

-- a trigger that is enabled again
-- TRIGGER | shop.customer.touch_disabled | enabled
alter table shop.customer enable trigger touch_disabled;

-- a trigger no longer always on
-- TRIGGER | shop.customer.touch_always | enabled
alter table shop.customer enable trigger touch_always;

-- a trigger's condition
-- TRIGGER | shop.customer.touch | definition
create or replace trigger touch before insert or update of name on shop.customer for each row when (new.name is distinct from 'ever') execute function shop.touch();

-- a partition's disabled trigger
-- TRIGGER | shop.event_2025.touch_event | enabled
alter table shop.event_2025 disable trigger touch_event;

-- a lost rule
-- RULE | shop.customer.no_deletes | is not on the target
drop rule no_deletes on shop.customer;

-- a disabled rule
-- RULE | shop.customer.no_deletes | enabled
alter table shop.customer disable rule no_deletes;

-- a rule's condition
-- RULE | shop.customer.no_deletes | definition
create or replace rule no_deletes as on delete to shop.customer where old.state = 'sent' do instead nothing;

-- a lost policy
-- POLICY | shop.customer.see_paid | is not on the target
drop policy see_paid on shop.customer;

-- a policy's condition
-- POLICY | shop.customer.see_paid | using
alter policy see_paid on shop.customer using (true);

-- a policy's roles
-- POLICY | shop.customer.see_paid | roles
alter policy see_paid on shop.customer to postgres;

-- an enum's new label
-- TYPE | shop.state | labels
alter type shop.state add value 'lost' after 'sent';

-- an enum's order
-- TYPE | shop.state | labels
update pg_enum set enumsortorder = 10 where enumtypid = 'shop.state'::regtype and enumlabel = 'paid';

-- an enum's renamed label
-- TYPE | shop.state | labels
alter type shop.state rename value 'sent' to 'Sent';

-- a domain's default
-- DOMAIN | shop.email | default
alter domain shop.email drop default;

-- a domain's not null
-- DOMAIN | shop.email | not null
alter domain shop.email drop not null;

-- a sequence's value
-- SEQUENCE | shop.called | value 41 on the source, 42 on the target
-- undo: select setval('shop.called', 41)
select setval('shop.called', 42);

-- a sequence's called flag
-- SEQUENCE | shop.not_called | value 7 (not called yet) on the source, 7 on the target
-- undo: select setval('shop.not_called', 7, false)
select setval('shop.not_called', 7, true);

-- a sequence's increment
-- SEQUENCE | shop.ticket | increment
alter sequence shop.ticket increment 4;

-- a sequence that cycles no more
-- SEQUENCE | shop.ticket | cycle
alter sequence shop.ticket no cycle;

-- a sequence's maximum
-- SEQUENCE | shop.ticket | maximum
alter sequence shop.ticket maxvalue 5001;

-- a sequence's owner
-- SEQUENCE | shop.orders_id_seq | owned by
alter sequence shop.orders_id_seq owned by none;

-- a lost sequence
-- SEQUENCE | shop.called | is not on the target
drop sequence shop.called;

-- a lost extension
-- EXTENSION | pg_trgm | is not on the target
drop extension pg_trgm cascade;

-- an extension in another schema
-- EXTENSION | pg_trgm | in schema
alter extension pg_trgm set schema shop;

-- a table's comment
-- COMMENT | shop.table shop.customer | text
comment on table shop.customer is 'People who pay.';

-- a lost comment of a column
-- COMMENT | shop.table column shop.customer.email | is not on the target
comment on column shop.customer.email is null;

-- a comment too many
-- COMMENT | public.schema public | is not on the source
comment on schema public is 'ours';

-- a large object's byte
-- LARGE OBJECTS | large objects | not the same bytes
select lo_put(70003, 2000000, '!');

-- a longer large object
-- LARGE OBJECTS | large objects | 3 objects with
select lo_put(70001, 12, '!');

-- a lost large object
-- LARGE OBJECTS | large objects | 2 objects with
select lo_unlink(70002);

-- a large object with another number
-- LARGE OBJECTS | large objects | not the same bytes
select lo_unlink(70002), lo_create(70004);

-- a large object's comment
-- COMMENT | large object 70001 | text
comment on large object 70001 is 'Another';

-- lost statistics
-- STATISTICS | shop.orders_stats | is not on the target
drop statistics shop.orders_stats;

-- the target of statistics
-- STATISTICS | shop.orders_stats | statistics target
alter statistics shop.orders_stats set statistics 78;

-- a collation that is deterministic
-- COLLATION | shop.any_case | deterministic
drop collation shop.any_case cascade; create collation shop.any_case (provider = icu, locale = 'und-u-ks-level2');

-- a lost cast
-- CAST | shop.money_amount AS text | is not on the target
drop cast (shop.money_amount as text);

-- a cast's context
-- CAST | shop.money_amount AS text | context
update pg_cast set castcontext = 'i' where castsource = 'shop.money_amount'::regtype;

-- a lost operator
-- OPERATOR | shop.===(integer,shop.state) | is not on the target
drop operator shop.=== (int, shop.state);

-- a text search mapping
-- TEXT SEARCH CONFIGURATION | shop.mixed | mappings
alter text search configuration shop.mixed alter mapping for asciiword with english_stem;

-- a dictionary's options
-- TEXT SEARCH DICTIONARY | shop.simple_de | options
alter text search dictionary shop.simple_de (accept = false);

-- a foreign server's options
-- SERVER | warehouse | options differs
alter server warehouse options (set host '127.0.0.2');

-- a foreign table's options
-- FOREIGN TABLE | shop.stock | options differs
alter foreign table shop.stock options (set table_name 'other');

-- a table's access method
-- TABLE | shop.again | access method
alter table shop.again set access method heap;

-- an operator family's new function
-- OPERATOR FAMILY | shop.descending USING btree | functions
alter operator family shop.descending using btree add function 2 (int4) btint4sortsupport(internal);

-- a lost conversion
-- CONVERSION | shop.latin_utf | is not on the target
drop conversion shop.latin_utf;

-- a disabled event trigger
-- EVENT TRIGGER | watch | enabled
alter event trigger watch disable;

-- a publication's tables
-- PUBLICATION | shop_orders | tables
alter publication shop_orders add table shop.parent;

-- a value of a check on varchar
-- CONSTRAINT | shop.shirt.shirt_size_check | definition
alter table shop.shirt drop constraint shirt_size_check; alter table shop.shirt add constraint shirt_size_check check (size in ('S', 'M', 'L', 'X'));

-- a value of a domain's check on varchar
-- CONSTRAINT | shop.size.size_check | definition
alter domain shop.size drop constraint size_check; alter domain shop.size add constraint size_check check (value in ('S', 'M'));

-- a value of an index's condition on varchar
-- INDEX | shop.shirt.shirt_partial | definition
drop index shop.shirt_partial; create index shirt_partial on shop.shirt (colour, (size in ('S', 'M'))) where colour not in ('red', 'grey');

-- a value of a policy on varchar
-- POLICY | shop.shirt.shirt_policy | with check
alter policy shirt_policy on shop.shirt with check (colour not in ('x', 'z'));

-- a value of a trigger's condition on varchar
-- TRIGGER | shop.shirt.shirt_trigger | definition
create or replace trigger shirt_trigger before update on shop.shirt for each row when (new.size in ('S', 'L') and old."Fits" <> 'no') execute function shop.ignore_shirt();

-- a value of a rule's condition on varchar
-- RULE | shop.shirt.shirt_rule | definition
create or replace rule shirt_rule as on insert to shop.shirt where new.colour in ('none', 'nil') do instead nothing;

-- a value of a view's condition on varchar
-- VIEW | shop.shirts | definition
create or replace view shop.shirts as select id, size in ('S', 'M') as is_small from shop.shirt where colour in ('black', 'navy');

-- a value of a generated column on varchar
-- COLUMN | shop.shirt.is_dark | default
alter table shop.shirt drop column is_dark; alter table shop.shirt add column is_dark boolean generated always as (colour in ('black', 'brown')) stored;

-- a value of a body on varchar
-- FUNCTION | shop.is_small(character varying, boolean) | SQL body
create or replace function shop.is_small(size varchar, other boolean default 'a'::varchar in ('a', 'b')) returns boolean language sql immutable begin atomic select size in ('S', 'L'); end;

-- a value of statistics on varchar
-- STATISTICS | shop.shirt_stats | definition
drop statistics shop.shirt_stats; create statistics shop.shirt_stats on (size in ('S', 'M')), colour from shop.shirt;

-- a case where case does not count
-- TABLE | shop.any_case_word | not the same ones
update shop.any_case_word set word = upper(word) where n = 7;

import type { ArchiveVersion } from "./header.ts";
import type { ByteReader, ByteWriter } from "./primitives.ts";

/** Where an entry's data block begins: `none` has no data, `unknown` was not written down (as on a pipe). */
export interface DataOffset {
  readonly state: "none" | "unknown" | "known";
  readonly position: number;
}

export type Section = "none" | "pre-data" | "data" | "post-data";

/**
 * One entry of the table of contents. Text is kept as the archive's bytes, in the encoding that its ENCODING
 * entry names; `contents.ts` has the reader of text.
 */
export interface ArchiveEntry {
  /** Positive and unique in the archive. */
  readonly dumpId: number;
  /** A data block belongs to it. */
  readonly hasData: boolean;
  /** The system catalog that the object lives in; 0 where there is no object of its own, as for TABLE DATA. */
  readonly catalogOid: number;
  /** The object's OID in that catalog; for TABLE DATA the table's. */
  readonly oid: number;
  readonly tag: Buffer | null;
  /** pg_dump's word for the kind, ASCII: `TABLE`, `TABLE DATA`, `BLOBS`, `INDEX` … */
  readonly desc: string;
  readonly section: Section;
  readonly definition: Buffer | null;
  readonly dropStatement: Buffer | null;
  readonly copyStatement: Buffer | null;
  readonly namespace: Buffer | null;
  readonly tablespace: Buffer | null;
  readonly tableAccessMethod: Buffer | null;
  /** From 1.16: the character code of `pg_class.relkind`, 0 for what is no relation. */
  readonly relkind: number;
  readonly owner: Buffer | null;
  readonly withOids: Buffer | null;
  /** Dump ids; may name entries that the archive does not have. */
  readonly dependencies: readonly number[];
  readonly offset: DataOffset;
}

/** pg_restore allocates arrays as long as the largest id. */
const maxDumpId = 2 ** 26;
const sections: readonly Section[] = ["none", "pre-data", "data", "post-data"];
const offsetStates: readonly DataOffset["state"][] = ["unknown", "known", "none"];
const maxOid = 2 ** 32 - 1;

/** One for all entries without a place, which is all of them on a pipe. */
const unplaced: Readonly<Record<DataOffset["state"], DataOffset>> = {
  none: { state: "none", position: 0 },
  unknown: { state: "unknown", position: 0 },
  known: { state: "known", position: 0 },
};

export function readEntry(reader: ByteReader, version: ArchiveVersion): ArchiveEntry {
  return {
    dumpId: readDumpId(reader),
    hasData: readFlag(reader),
    catalogOid: readDecimal(reader, "catalog OID", maxOid),
    oid: readDecimal(reader, "OID", maxOid),
    tag: reader.string("tag"),
    desc: readDesc(reader),
    section: readSection(reader),
    definition: reader.string("definition"),
    dropStatement: reader.string("drop statement"),
    copyStatement: reader.string("copy statement"),
    namespace: reader.string("namespace"),
    tablespace: reader.string("tablespace"),
    tableAccessMethod: reader.string("table access method"),
    relkind: version === "1.16" ? readRelkind(reader) : 0,
    owner: reader.string("owner"),
    withOids: reader.string("WITH OIDS field"),
    dependencies: readDependencies(reader),
    offset: readOffset(reader),
  };
}

export function writeEntry(entry: ArchiveEntry, version: ArchiveVersion, writer: ByteWriter): void {
  writer.int(entry.dumpId);
  writer.int(entry.hasData ? 1 : 0);
  writer.string(Buffer.from(String(entry.catalogOid), "latin1"));
  writer.string(Buffer.from(String(entry.oid), "latin1"));
  writer.string(entry.tag);
  writer.string(Buffer.from(entry.desc, "latin1"));
  writer.int(sections.indexOf(entry.section) + 1);
  writer.string(entry.definition);
  writer.string(entry.dropStatement);
  writer.string(entry.copyStatement);
  writer.string(entry.namespace);
  writer.string(entry.tablespace);
  writer.string(entry.tableAccessMethod);
  if (version === "1.16") writer.int(entry.relkind);
  writer.string(entry.owner);
  writer.string(entry.withOids);
  for (const dumpId of entry.dependencies) writer.string(Buffer.from(String(dumpId), "latin1"));
  writer.string(null);
  writeOffset(entry.offset, writer);
}

function readDumpId(reader: ByteReader): number {
  const dumpId = reader.int("dump id");
  if (dumpId <= 0 || dumpId > maxDumpId) reader.fail(`The dump id is ${dumpId}`);
  return dumpId;
}

function readFlag(reader: ByteReader): boolean {
  const flag = reader.int("data flag");
  if (flag !== 0 && flag !== 1) reader.fail(`The data flag is ${flag}`);
  return flag === 1;
}

function readSection(reader: ByteReader): Section {
  const number = reader.int("section");
  const section = sections[number - 1];
  if (section === undefined) reader.fail(`The section is ${number}`);
  return section;
}

function readDesc(reader: ByteReader): string {
  const bytes = reader.string("kind of entry");
  const desc = bytes === null || bytes.length > 64 ? "" : bytes.toString("latin1");
  if (!/^[A-Z][A-Z ]*$/u.test(desc)) reader.fail("The kind of entry is not in capital letters");
  return desc;
}

function readRelkind(reader: ByteReader): number {
  const relkind = reader.int("relation kind");
  if (relkind < 0 || relkind > 127) reader.fail(`The relation kind is ${relkind}`);
  return relkind;
}

/** Decimal text as C prints an unsigned number; anything else could not be written back as it was. */
function parseDecimal(bytes: Buffer | null, what: string, max: number, reader: ByteReader): number {
  const text = bytes === null || bytes.length > 10 ? "" : bytes.toString("latin1");
  const value = /^(?:0|[1-9]\d*)$/u.test(text) ? Number(text) : -1;
  if (value < 0 || value > max) reader.fail(`The ${what} is not a number from 0 to ${max}`);
  return value;
}

function readDecimal(reader: ByteReader, what: string, max: number): number {
  return parseDecimal(reader.string(what), what, max, reader);
}

function readDependencies(reader: ByteReader): number[] {
  const dependencies: number[] = [];
  for (let next = reader.string("dependency"); next !== null; next = reader.string("dependency")) {
    dependencies.push(parseDecimal(next, "dependency", 2 ** 31 - 1, reader));
  }
  return dependencies;
}

function readOffset(reader: ByteReader): DataOffset {
  const number = reader.byte("offset state");
  const state = offsetStates[number - 1];
  if (state === undefined) reader.fail(`The offset state is ${number}`);
  const position = reader.bytes(8, "offset").readBigUInt64LE();
  if (position > BigInt(Number.MAX_SAFE_INTEGER)) reader.fail(`The offset is ${position}`);
  return position === 0n ? unplaced[state] : { state, position: Number(position) };
}

function writeOffset(offset: DataOffset, writer: ByteWriter): void {
  writer.byte(offsetStates.indexOf(offset.state) + 1);
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt(offset.position));
  writer.bytes(bytes);
}

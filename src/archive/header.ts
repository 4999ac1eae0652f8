import { UnsupportedArchiveVersionError, UnsupportedCompressionError } from "./errors.ts";
import type { ByteReader, ByteWriter } from "./primitives.ts";

export type ArchiveVersion = "1.14" | "1.15" | "1.16";

/** The order is that of the format's own numbers. */
export const compressionAlgorithms = ["none", "gzip", "lz4", "zstd"] as const;
export type CompressionAlgorithm = (typeof compressionAlgorithms)[number];

export interface Compression {
  /** `gzip` is pg_dump's word; the streams carry zlib's wrapper. */
  algorithm: CompressionAlgorithm;
  /** Only 1.14 writes it down: 0 none, -1 zlib's default, 1 to 9. */
  level?: number;
}

/** The dumping host's wall clock, without a zone, in the words of C's `struct tm`: month from 0, year from 1900. */
export interface LocalTime {
  second: number;
  minute: number;
  hour: number;
  day: number;
  month: number;
  year: number;
  isDst: number;
}

export interface ArchiveHeader {
  readonly version: ArchiveVersion;
  /** Readers ignore it. */
  readonly revision: number;
  readonly compression: Compression;
  readonly createdAt: LocalTime;
  readonly databaseName: Buffer | null;
  readonly serverVersion: Buffer | null;
  readonly dumpVersion: Buffer | null;
}

const magic = Buffer.from("PGDMP", "latin1");
const customFormat = 1;
const knownVersions: Readonly<Record<string, ArchiveVersion>> = { "1.14": "1.14", "1.15": "1.15", "1.16": "1.16" };

export function readHeader(reader: ByteReader): ArchiveHeader {
  for (const expected of magic) {
    const found = reader.byte("file header");
    if (found !== expected) reader.fail("This is not a PostgreSQL archive: it does not begin with PGDMP");
  }
  const version = readVersion(reader);
  const revision = reader.byte("revision");
  readWidths(reader);
  return {
    version,
    revision,
    compression: readCompression(reader, version),
    createdAt: readLocalTime(reader),
    databaseName: reader.string("database name"),
    serverVersion: reader.string("server version"),
    dumpVersion: reader.string("pg_dump version"),
  };
}

export function writeHeader(header: ArchiveHeader, writer: ByteWriter): void {
  writer.bytes(magic);
  for (const number of header.version.split(".")) writer.byte(Number(number));
  writer.byte(header.revision);
  writer.byte(4);
  writer.byte(8);
  writer.byte(customFormat);
  writeCompression(header, writer);
  const time = header.createdAt;
  for (const value of [time.second, time.minute, time.hour, time.day, time.month, time.year, time.isDst]) {
    writer.int(value);
  }
  writer.string(header.databaseName);
  writer.string(header.serverVersion);
  writer.string(header.dumpVersion);
}

/** The header for data blocks of another compression. 1.14 knows only none and gzip. */
export function withCompression(header: ArchiveHeader, compression: Compression): ArchiveHeader {
  const { algorithm } = compression;
  if (header.version !== "1.14") return { ...header, compression: { algorithm } };
  if (algorithm !== "none" && algorithm !== "gzip") {
    throw new UnsupportedCompressionError(algorithm, "archive version 1.14 has only gzip");
  }
  const level = algorithm === "none" ? 0 : (compression.level ?? -1);
  return { ...header, compression: { algorithm, level } };
}

function readVersion(reader: ByteReader): ArchiveVersion {
  const text = `${reader.byte("version")}.${reader.byte("version")}`;
  const version = knownVersions[text];
  if (version === undefined) throw new UnsupportedArchiveVersionError(text);
  return version;
}

/** Every platform that PostgreSQL builds on today writes 4 and 8. */
function readWidths(reader: ByteReader): void {
  if (reader.byte("int size") !== 4) reader.fail("The archive's ints are not 4 bytes wide");
  if (reader.byte("offset size") !== 8) reader.fail("The archive's offsets are not 8 bytes wide");
  if (reader.byte("format") !== customFormat) reader.fail("The archive is not in the custom format");
}

function readCompression(reader: ByteReader, version: ArchiveVersion): Compression {
  if (version === "1.14") {
    const level = reader.int("compression level");
    if (level < -1 || level > 9) reader.fail(`The compression level is ${level}`);
    return { algorithm: level === 0 ? "none" : "gzip", level };
  }
  const number = reader.byte("compression algorithm");
  const algorithm = compressionAlgorithms[number];
  if (algorithm === undefined) reader.fail(`The compression algorithm is number ${number}`);
  return { algorithm };
}

function writeCompression(header: ArchiveHeader, writer: ByteWriter): void {
  const { algorithm, level } = header.compression;
  if (header.version === "1.14") writer.int(level ?? (algorithm === "none" ? 0 : -1));
  else writer.byte(compressionAlgorithms.indexOf(algorithm));
}

function readLocalTime(reader: ByteReader): LocalTime {
  const next = (): number => reader.int("creation time");
  return { second: next(), minute: next(), hour: next(), day: next(), month: next(), year: next(), isDst: next() };
}

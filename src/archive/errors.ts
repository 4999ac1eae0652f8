/** The bytes are not a sound custom-format archive. `offset` counts from the archive's first byte. */
export class ArchiveFormatError extends Error {
  override readonly name: string = "ArchiveFormatError";
  readonly offset: number;

  constructor(message: string, offset: number, cause?: unknown) {
    super(`${message} (at byte ${offset} of the archive)`, cause === undefined ? undefined : { cause });
    this.offset = offset;
  }
}

/** The archive stops in the middle; `neededBytes` is how long it must be, at least, for reading to go on. */
export class TruncatedArchiveError extends ArchiveFormatError {
  override readonly name = "TruncatedArchiveError";
  readonly neededBytes: number;

  constructor(message: string, offset: number, neededBytes: number) {
    super(message, offset);
    this.neededBytes = neededBytes;
  }
}

/** A custom-format archive of a version that this code does not know: let pg_dump and pg_restore handle it. */
export class UnsupportedArchiveVersionError extends Error {
  override readonly name = "UnsupportedArchiveVersionError";
  readonly version: string;

  constructor(version: string) {
    super(`Archive version ${version} is not one of 1.14, 1.15 and 1.16`);
    this.version = version;
  }
}

/** Sound, but compressed in a way that cannot be written or read here: lz4, or what 1.14 has no word for. */
export class UnsupportedCompressionError extends Error {
  override readonly name = "UnsupportedCompressionError";

  constructor(algorithm: string, where = "Node has no such algorithm") {
    super(`Data compressed with ${algorithm} cannot be handled: ${where}`);
  }
}

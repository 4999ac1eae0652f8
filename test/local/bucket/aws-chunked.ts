import { s3Error } from "./s3-error.ts";

/** S3 refuses smaller chunks, save the last. */
const MIN_CHUNK_BYTES = 8192;
const MAX_LINE_BYTES = 16 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

type Expecting = "size" | "data" | "data-end" | "trailer" | "nothing";

/**
 * Decodes `Content-Encoding: aws-chunked` with an unsigned trailer: `HEX\r\n…data…\r\n`, a chunk of 0, trailer lines and an empty line.
 * Data comes out as views of what went in, not copies. Throws S3Error for a body that S3 would refuse.
 */
export class ChunkedDecoder {
  readonly trailers = new Map<string, string>();
  #expecting: Expecting = "size";
  #rest: Buffer = NOTHING;
  #leftBytes = 0;
  #hadSmallChunk = false;

  *decode(input: Buffer): Generator<Buffer> {
    let buffer = this.#rest.length === 0 ? input : Buffer.concat([this.#rest, input]);
    this.#rest = NOTHING;
    while (buffer.length > 0) {
      if (this.#expecting === "data") {
        const data = buffer.subarray(0, this.#leftBytes);
        this.#leftBytes -= data.length;
        buffer = buffer.subarray(data.length);
        if (this.#leftBytes === 0) this.#expecting = "data-end";
        yield data;
        continue;
      }
      const end = buffer.indexOf("\r\n");
      if (end < 0) return this.#keep(buffer);
      this.#readLine(buffer.toString("latin1", 0, end));
      buffer = buffer.subarray(end + 2);
    }
  }

  /** To be called when the body has ended: throws where the last chunk or the trailer was cut off. */
  finish(): void {
    // The SDK ends the trailer with an empty line, other clients leave it away.
    if (this.#expecting === "trailer" && this.#rest.length === 0) return;
    if (this.#expecting !== "nothing") throw s3Error("IncompleteBody");
  }

  #keep(buffer: Buffer): void {
    if (buffer.length > MAX_LINE_BYTES) throw s3Error("InvalidRequest", "A chunk header or trailer is too long.");
    this.#rest = buffer;
  }

  #readLine(line: string): void {
    switch (this.#expecting) {
      case "size":
        return this.#readSize(line);
      case "data-end":
        if (line !== "") throw s3Error("IncompleteBody");
        this.#expecting = "size";
        return;
      case "trailer":
        return this.#readTrailer(line);
      default:
        throw s3Error("InvalidRequest", "There are bytes after the last chunk.");
    }
  }

  #readSize(line: string): void {
    if (!/^[0-9a-f]{1,12}$/i.test(line)) throw s3Error("InvalidRequest", "A chunk's size could not be read.");
    const bytes = Number.parseInt(line, 16);
    if (bytes > 0 && this.#hadSmallChunk) throw s3Error("InvalidChunkSizeError");
    this.#hadSmallChunk = bytes < MIN_CHUNK_BYTES;
    this.#leftBytes = bytes;
    this.#expecting = bytes === 0 ? "trailer" : "data";
  }

  #readTrailer(line: string): void {
    if (line === "") {
      this.#expecting = "nothing";
      return;
    }
    const colon = line.indexOf(":");
    if (colon <= 0) throw s3Error("MalformedTrailerError");
    this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

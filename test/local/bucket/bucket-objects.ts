import { createHash } from "node:crypto";
import { MemoryWriter, readSegments, type Segment } from "./contents.ts";
import type { BucketState, StoredObject } from "./exchange.ts";
import { removeObject, storeObject } from "./objects.ts";

export interface ObjectSummary {
  key: string;
  bytes: number;
  /** Without quotes. */
  etag: string;
  lastModifiedMs: number;
  headers: Record<string, string>;
  /** Only of objects that came in one piece, with the option `sha256` or a signed payload hash; else see `BucketObjects.sha256`. */
  sha256: string | undefined;
}

/** What tests may do behind the API's back. Everything throws where the key does not exist, but `list`, `find`, `put` and `delete`. */
export interface BucketObjects {
  /** In the order of their creation. */
  list(prefix?: string): ObjectSummary[];
  find(key: string): ObjectSummary | undefined;
  read(key: string): Promise<Buffer>;
  stream(key: string): AsyncIterable<Buffer>;
  /** Of the whole content, in hexadecimal. */
  sha256(key: string): Promise<string>;
  put(key: string, content: string | Buffer): Promise<void>;
  delete(key: string): Promise<void>;
  /** Inverts one byte of what is stored; the ETag stays. */
  corrupt(key: string, offset: number): Promise<void>;
  /** Drops what is stored behind so many bytes; the ETag stays. */
  truncate(key: string, bytes: number): Promise<void>;
}

export function accessObjects(state: BucketState): BucketObjects {
  const stream = (key: string) => {
    const object = readObject(state, key);
    if (object.segments.some(({ isDiscarded }) => isDiscarded)) throw new Error(`The bucket discarded "${key}".`);
    return readSegments(object.segments, 0, object.bytes);
  };
  const read = (key: string) => collect(stream(key));
  return {
    stream,
    read,
    list: (prefix = "") => [...state.objects.values()].filter(({ key }) => key.startsWith(prefix)).map(summarize),
    find: (key) => {
      const object = state.objects.get(key);
      return object && summarize(object);
    },
    sha256: async (key) => {
      const hash = createHash("sha256");
      for await (const chunk of stream(key)) hash.update(chunk);
      return hash.digest("hex");
    },
    put: (key, content) => putContent(state, key, Buffer.from(content)),
    delete: (key) => removeObject(state, key),
    corrupt: async (key, offset) => {
      const content = Buffer.from(await read(key));
      content.writeUInt8(content.readUInt8(offset) ^ 0xff, offset);
      await replaceContent(state, key, content);
    },
    truncate: async (key, bytes) => replaceContent(state, key, (await read(key)).subarray(0, bytes)),
  };
}

function readObject(state: BucketState, key: string): StoredObject {
  const object = state.objects.get(key);
  if (object === undefined) throw new Error(`The bucket holds no object "${key}".`);
  return object;
}

function summarize({ key, bytes, etag, lastModifiedMs, headers, sha256 }: StoredObject): ObjectSummary {
  return { key, bytes, etag, lastModifiedMs, headers, sha256 };
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function putContent(state: BucketState, key: string, content: Buffer): Promise<void> {
  await storeObject(state, {
    key,
    etag: createHash("md5").update(content).digest("hex"),
    bytes: content.length,
    lastModifiedMs: state.now(),
    segments: [await keepInMemory(content)],
    headers: { "content-type": "binary/octet-stream" },
    sha256: createHash("sha256").update(content).digest("hex"),
    checksum: undefined,
  });
}

async function replaceContent(state: BucketState, key: string, content: Buffer): Promise<void> {
  const segments = [await keepInMemory(content)];
  await storeObject(state, { ...readObject(state, key), segments, bytes: content.length });
}

async function keepInMemory(content: Buffer): Promise<Segment> {
  const writer = new MemoryWriter();
  writer.write(content);
  return writer.finish();
}

import { createRequire, findPackageJSON } from "node:module";
import { type Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";

type Entry = Readable & { path: string; type: "File" | "Directory"; autodrain(): void };
type Unzip = { Parse(): Writable & NodeJS.EventEmitter };

/** Files of a zip archive in order of their names: path inside it → bytes. Read by the library that the artifact client itself unzips with. */
export async function unzip(archive: Buffer): Promise<Map<string, Buffer>> {
  const files: Promise<[string, Buffer]>[] = [];
  const parser = loadUnzip().Parse();
  parser.on("entry", (entry: Entry) => {
    if (entry.type === "File") files.push(buffer(entry).then((bytes) => [entry.path, bytes]));
    else entry.autodrain();
  });
  await new Promise<void>((resolve, reject) => {
    parser.on("close", resolve).on("error", reject);
    parser.end(archive);
  });
  const read = await Promise.all(files);
  return new Map(read.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function loadUnzip(): Unzip {
  const client = findPackageJSON("@actions/artifact", import.meta.url);
  if (!client) throw new Error("@actions/artifact is not installed");
  return createRequire(client)("unzip-stream") as Unzip;
}

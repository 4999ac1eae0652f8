import { type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type Artifact, type ArtifactStore } from "./store.ts";

/**
 * The part of Azure's block blobs that the artifact client uses: PUT of a block, PUT of the list of blocks, PUT of a
 * whole small blob, and GET (https://learn.microsoft.com/rest/api/storageservices/put-block-list).
 */
export async function answerBlob(store: ArtifactStore, request: IncomingMessage, response: ServerResponse, url: URL) {
  const artifact = store.findById(Number(url.pathname.split("/").at(-1)));
  if (!artifact || url.searchParams.get("sig") !== artifact.signature) return end(response, 403);
  if (request.method === "GET") return send(artifact, response);
  if (request.method !== "PUT") return end(response, 405);
  const body = await buffer(request);
  const comp = url.searchParams.get("comp");
  if (comp === "block") return keepBlock(artifact, url.searchParams.get("blockid"), body, response);
  const blocks = comp === "blocklist" ? joinBlocks(artifact, body.toString()) : body;
  if (!blocks) return end(response, 400);
  artifact.content = blocks;
  artifact.contentType = String(request.headers["x-ms-blob-content-type"] ?? "application/octet-stream");
  return end(response, 201);
}

function keepBlock(artifact: Artifact, blockId: string | null, body: Buffer, response: ServerResponse): void {
  if (!blockId) return end(response, 400);
  artifact.blocks.set(blockId, body);
  return end(response, 201);
}

/** The named blocks in the order of the list; undefined if one of them was never sent. */
function joinBlocks(artifact: Artifact, xml: string): Buffer | undefined {
  const names = [...xml.matchAll(/<(Latest|Uncommitted|Committed)>([^<]*)<\/\1>/g)].map((match) => match[2] ?? "");
  const blocks = names.map((name) => artifact.blocks.get(name));
  if (!blocks.every((block) => block !== undefined)) return undefined;
  artifact.blocks.clear();
  return Buffer.concat(blocks);
}

function send(artifact: Artifact, response: ServerResponse): void {
  const zipped = artifact.contentType === "application/zip";
  const fileName = encodeURIComponent(zipped ? `${artifact.name}.zip` : artifact.name);
  response.writeHead(200, {
    "content-type": artifact.contentType,
    "content-length": artifact.content?.length ?? 0,
    "content-disposition": `attachment; filename*=UTF-8''${fileName}`,
  });
  response.end(artifact.content);
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { etag: '"0x8DC0FFEE"', "last-modified": new Date().toUTCString(), "content-length": 0 });
  response.end();
}

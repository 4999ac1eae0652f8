import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One object behind one URL, with a switch for each way in which a store spoils Heroku's download. */
export type Store = {
  url: string;
  object: Buffer;
  seen: { method: string; range: string | undefined }[];
  /** The number of GETs after which the URL has expired. */
  expiresAfter: number;
  /** Answers ranges with 200 and the whole object, as servers do that know no ranges. */
  ignoresRanges: boolean;
  /** All switches off, nothing seen; the object stays. */
  reset(): void;
  close(): void;
};

/** Starts it on a loopback port. HEAD is refused, as on a URL that is signed for GET. */
export async function startStore(): Promise<Store> {
  const listener = createServer((request, response) => serveObject(store, request, response));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const store: Store = {
    url: `http://127.0.0.1:${port}/archive.dump?X-Amz-Signature=5ec2e7`,
    object: Buffer.alloc(0),
    seen: [],
    expiresAfter: Infinity,
    ignoresRanges: false,
    reset: () => Object.assign(store, { seen: [], expiresAfter: Infinity, ignoresRanges: false }),
    close: () => {
      listener.closeAllConnections();
      listener.close();
    },
  };
  return store;
}

function serveObject(store: Store, request: IncomingMessage, response: ServerResponse): void {
  const { range } = request.headers;
  store.seen.push({ method: request.method ?? "", range });
  const gets = store.seen.filter(({ method }) => method === "GET").length;
  if (request.method !== "GET" || gets > store.expiresAfter) return void response.writeHead(403).end("<Error/>");
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (first === undefined || store.ignoresRanges) {
    return void response.writeHead(200, { "content-length": store.object.length }).end(store.object);
  }
  response.writeHead(206).end(store.object.subarray(Number(first), Number(last) + 1));
}

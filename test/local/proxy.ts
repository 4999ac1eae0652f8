import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How bytes from the server travel. `black-hole`: what arrives on either side vanishes, and nobody is told. */
export type ProxyMode = "open" | "slow" | "stalled" | "black-hole";

interface Link {
  client: Socket;
  server: Socket;
  mode: ProxyMode | undefined;
}

export interface Proxy extends AsyncDisposable {
  port: number;
  /** Connections made so far. */
  readonly connections: number;
  mode: ProxyMode;
  /** In mode `slow`. */
  bytesPerSecond: number;
  /** New connections are reset as soon as they are made, so many times. */
  refuseNext: number;
  /** Resets every connection that is open, or the newest ones alone. */
  reset: (newest?: number) => number;
  /** Stops the connections that are open now, and only those. */
  stall: (newest?: number) => void;
  /** Everything flows again, on connections that were stalled as well. */
  open: () => void;
}

/** A TCP proxy in front of a server on this machine, with switches for what networks do. */
export async function startProxy(targetPort: () => number): Promise<Proxy> {
  const links = new Set<Link>();
  const listener = createServer({ pauseOnConnect: false });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  let connections = 0;
  const newestOf = (count = links.size): Link[] => [...links].slice(-count);
  const proxy: Proxy = {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    mode: "open",
    bytesPerSecond: 64 * 1024,
    refuseNext: 0,
    reset: (newest) => {
      const hit = newestOf(newest);
      for (const { client, server } of hit) {
        client.resetAndDestroy();
        server.destroy();
      }
      return hit.length;
    },
    stall: (newest) => {
      for (const link of newestOf(newest)) link.mode = "stalled";
    },
    open: () => {
      proxy.mode = "open";
      for (const link of links) link.mode = undefined;
    },
    [Symbol.asyncDispose]: () => close(listener, links),
  };
  listener.on("connection", (client) => {
    connections += 1;
    if (proxy.refuseNext > 0) {
      proxy.refuseNext -= 1;
      client.resetAndDestroy();
      return;
    }
    const link = { client, server: connect(targetPort(), "127.0.0.1"), mode: undefined };
    links.add(link);
    join(link, proxy, () => links.delete(link));
  });
  return proxy;
}

function join(link: Link, proxy: Proxy, onEnd: () => void): void {
  const { client, server } = link;
  const end = (): void => {
    client.destroy();
    server.destroy();
    onEnd();
  };
  for (const socket of [client, server]) socket.on("error", end).on("close", end);
  void pass(client, server, link, proxy, () => 0).catch(end);
  void pass(server, client, link, proxy, (bytes) => (bytes / proxy.bytesPerSecond) * 1000).catch(end);
}

async function pass(
  from: Socket,
  to: Socket,
  link: Link,
  proxy: Proxy,
  delayMs: (bytes: number) => number,
): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const mode = (): ProxyMode => link.mode ?? proxy.mode;
    if (mode() === "black-hole") continue;
    while (mode() === "stalled" && !to.destroyed) await sleep(20);
    if (mode() === "slow") await sleep(delayMs(chunk.length));
    if (!to.write(chunk)) await drained(to);
  }
  to.end();
}

async function drained(socket: Socket): Promise<void> {
  const done = Promise.withResolvers<void>();
  socket.once("drain", done.resolve).once("close", done.resolve);
  await done.promise;
  socket.off("drain", done.resolve).off("close", done.resolve);
}

async function close(listener: Server, links: ReadonlySet<Link>): Promise<void> {
  for (const { client, server } of links) {
    client.destroy();
    server.destroy();
  }
  listener.close();
  await once(listener, "close");
}

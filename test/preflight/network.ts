import dns from "node:dns";
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/**
 * Every name under these resolves to this machine, as the provider's DNS would resolve it to the database. Returns what
 * puts name resolution back.
 */
export function resolveHere(isOurs: (host: string) => boolean): () => void {
  const original = dns.lookup;
  const patched = ((host: string, options: unknown, callback?: unknown) => {
    const name = isOurs(host) ? "127.0.0.1" : host;
    return (original as (...parameters: unknown[]) => unknown)(name, options, callback);
  }) as typeof dns.lookup;
  dns.lookup = patched;
  return () => {
    dns.lookup = original;
  };
}

export interface Balancer extends AsyncDisposable {
  port: number;
}

/** Spreads connections over ports in turn, as a balancer in front of several servers does. */
export async function startBalancer(ports: readonly number[], listenOn = 0): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let next = 0;
  const server: Server = createServer((client) => {
    const upstream = connect(ports[next++ % ports.length] ?? 0, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  }).listen(listenOn, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

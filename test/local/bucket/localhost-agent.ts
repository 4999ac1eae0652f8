import { Agent } from "node:http";

/**
 * An agent for clients of a virtual-host style bucket: `<bucket>.localhost` is the loopback address by RFC 6761, but not every
 * machine's resolver knows it.
 */
export function createLocalhostAgent(): Agent {
  return new Agent({
    keepAlive: true,
    lookup: (_hostname, options, callback) => {
      if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
      else callback(null, "127.0.0.1", 4);
    },
  });
}

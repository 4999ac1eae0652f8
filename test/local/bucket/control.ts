import type { IncomingMessage, ServerResponse } from "node:http";
import type { Front } from "./answering.ts";
import type { Fault } from "./faults.ts";

export const CONTROL_PATH = "/_control/";

export interface Controlled extends Front {
  list: () => readonly unknown[];
  uploads: () => readonly unknown[];
}

type Command = (controlled: Controlled, body: unknown) => unknown;

/** What a bucket in another process can be asked and told; JSON both ways. */
const COMMANDS: Record<string, Command> = {
  "GET requests": ({ recording }) => recording.requests,
  "DELETE requests": ({ recording }) => recording.clear(),
  "GET stats": ({ recording }) => ({ ...recording.stats, cpuMicros: sumCpu(), rssBytes: process.memoryUsage.rss() }),
  "GET objects": ({ list }) => list(),
  "GET uploads": ({ uploads }) => uploads(),
  "GET faults": ({ faults }) => faults.list().map(describeFault),
  "POST faults": ({ faults }, body) => describeFault(faults.add(reviveFault(body as Fault))),
  "DELETE faults": ({ faults }) => faults.clear(),
  "POST expire": ({ bucket }) => bucket.keyring.expire(bucket.now()),
};

/** JSON knows no Infinity: `times: null` stands for it. */
function reviveFault(fault: Fault): Fault {
  return (fault.times as unknown) === null ? { ...fault, times: Infinity } : fault;
}

function describeFault({ id, seen, fired, fault }: ReturnType<Front["faults"]["list"]>[number]) {
  return { id, seen, fired, fault };
}

function sumCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export async function answerControl(
  controlled: Controlled,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const name = (incoming.url ?? "").slice(CONTROL_PATH.length);
  const command = COMMANDS[`${incoming.method} ${name}`];
  outgoing.setHeader("content-type", "application/json");
  try {
    const body: unknown = JSON.parse((await readText(incoming)) || "null");
    outgoing.statusCode = command === undefined ? 404 : 200;
    outgoing.end(JSON.stringify(command?.(controlled, body) ?? null));
  } catch (error) {
    outgoing.statusCode = 400;
    outgoing.end(JSON.stringify({ error: String(error) }));
  }
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

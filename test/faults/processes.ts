import { readFile, readdir } from "node:fs/promises";

export interface SeenProcess {
  pid: number;
  parent: number;
  argv: string;
  environment: Map<string, string>;
}

export interface Watch {
  /** Everything that was seen below a process, however briefly, as far as the sampling caught it. */
  stop: () => Promise<SeenProcess[]>;
}

const everyMs = 15;

/** Samples /proc for descendants of a process and keeps each one's last argv and environment. */
export function watchProcesses(root = process.pid): Watch {
  const seen = new Map<number, SeenProcess>();
  const over = new AbortController();
  const sample = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await lookBelow(root, seen);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  const sampling = sample();
  return {
    stop: async () => {
      over.abort();
      await sampling;
      return [...seen.values()];
    },
  };
}

async function lookBelow(parent: number, seen: Map<number, SeenProcess>): Promise<void> {
  const parentArgv = await readArgv(parent);
  for (const pid of await listChildren(parent)) {
    const argv = await readArgv(pid);
    // A child between fork and exec still is what its parent is, in argv and environment.
    if (argv !== "" && argv !== parentArgv && argv !== seen.get(pid)?.argv) await remember(pid, parent, argv, seen);
    await lookBelow(pid, seen);
  }
}

async function readArgv(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

/** Children belong to the thread that started them (proc(5), `/proc/pid/task/tid/children`). */
async function listChildren(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

async function remember(pid: number, parent: number, argv: string, seen: Map<number, SeenProcess>): Promise<void> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  seen.set(pid, { pid, parent, argv, environment: parseEnvironment(environment) });
}

function parseEnvironment(block: string): Map<string, string> {
  const variables = block.split("\0").filter((variable) => variable.includes("="));
  return new Map(variables.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]));
}

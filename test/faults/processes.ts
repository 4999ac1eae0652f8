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

/** Samples /proc for descendants of this process and keeps each one's first environment and argv. */
export function watchProcesses(root = process.pid): Watch {
  const seen = new Map<number, SeenProcess>();
  const over = new AbortController();
  const sample = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await lookAround(root, seen);
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

async function lookAround(root: number, seen: Map<number, SeenProcess>): Promise<void> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/u.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const parent = Number(/^\d+ \(.*\) \S (\d+)/su.exec(stat)?.[1] ?? 0);
    parents.set(Number(entry), parent);
  }
  for (const [pid, parent] of parents) {
    if (!isBelow(pid, root, parents)) continue;
    const known = seen.get(pid);
    // A child between fork and exec still shows its parent's.
    const argv = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (argv === "" || known?.argv === argv) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    seen.set(pid, { pid, parent, argv, environment: parseEnvironment(environment) });
  }
}

function isBelow(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  for (let current = parents.get(pid); current !== undefined && current > 1; current = parents.get(current))
    if (current === root) return true;
  return false;
}

function parseEnvironment(block: string): Map<string, string> {
  const variables = block.split("\0").filter((variable) => variable.includes("="));
  return new Map(variables.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]));
}

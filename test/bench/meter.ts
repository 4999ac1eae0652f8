import { readFileSync, readdirSync } from "node:fs";

const clockTicks = 100;
const pageBytes = 4096;
const sampleEveryMs = 50;

/** A process and everything under it, by id. */
function listTree(pid: number): number[] {
  const pids = [pid];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
      for (const child of children.split(" ")) if (child !== "") pids.push(...listTree(Number(child)));
    }
  } catch {
    // It has ended meanwhile.
  }
  return pids;
}

function readResidentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}

/** Samples the resident memory of a whole tree of processes; `stop` gives the highest sum seen. */
export function watchMemory(pid: number): { stop(): number } {
  let peakBytes = 0;
  const sample = (): void => {
    const bytes = listTree(pid).reduce((sum, member) => sum + readResidentBytes(member), 0);
    peakBytes = Math.max(peakBytes, bytes);
  };
  const timer = setInterval(sample, sampleEveryMs);
  return {
    stop() {
      clearInterval(timer);
      return peakBytes;
    },
  };
}

/** User and system seconds of a process and of the children it has waited for (proc(5), fields 14 to 17). */
export function readCpuSeconds(pid: number | "self"): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / clockTicks;
}

/** User and system seconds of the thread that asks. */
export function readMainCpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Ends a process and all its descendants at once; its process group where there is no /proc to find them in. */
export function killTree(pid: number | undefined): void {
  if (pid === undefined) return;
  for (const descendant of listDescendants(pid)) kill(descendant);
  kill(existsSync("/proc") ? pid : -pid);
}

/** Ends processes whose environment holds this exact entry; returns a line about each. */
export function killOrphans(entry: string): string[] {
  const told: string[] = [];
  for (const pid of listProcesses()) {
    if (pid === process.pid || !read(`/proc/${pid}/environ`).split("\0").includes(entry)) continue;
    told.push(`Terminate orphan process: pid (${pid}) (${read(`/proc/${pid}/comm`).trim()})`);
    kill(pid);
  }
  return told;
}

function listDescendants(pid: number): number[] {
  const parents = new Map(listProcesses().map((child) => [child, parentOf(child)]));
  const found = [pid];
  for (const ancestor of found) {
    for (const [child, parent] of parents) if (parent === ancestor) found.push(child);
  }
  return found.slice(1);
}

/** The name in /proc/PID/stat may hold spaces and parentheses; the parent is the second field after it. */
function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function listProcesses(): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid));
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone already.
  }
}

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { plainEnvironment } from "./programs.ts";
import { serverIdentity } from "./identity.ts";

const stopMs = 10_000;

/** A server program whose whole life is one temporary folder: its files, its log and its process id are all in there. */
export interface Daemon {
  readonly pid: number;
  hasExited: boolean;
  /** Sends the signal, waits for the end, and kills what has not ended after ten seconds. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

export async function startDaemon(options: { folder: string; program: string; args: string[] }): Promise<Daemon> {
  await using log = await open(join(options.folder, "server.log"), "a");
  const child = spawn(options.program, options.args, {
    cwd: options.folder,
    detached: true,
    env: plainEnvironment,
    stdio: ["ignore", log.fd, log.fd],
    ...serverIdentity,
  });
  await once(child, "spawn");
  child.unref();
  return followDaemon(child);
}

function followDaemon(child: ChildProcess): Daemon {
  const { pid } = child;
  if (pid === undefined) throw new Error("a started process has a process id");
  const exited = once(child, "exit");
  const daemon: Daemon = {
    pid,
    hasExited: false,
    async stop(signal) {
      child.ref();
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await exited;
      clearTimeout(timer);
    },
  };
  child.once("exit", () => (daemon.hasExited = true));
  return daemon;
}

/** Polls until `isReady`; a program that ends first, or never gets there, is an error with the end of its log. */
export async function waitUntilReady(daemon: Daemon, folder: string, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isReady())) {
    if (daemon.hasExited || Date.now() > deadline) {
      const what = daemon.hasExited ? "ended while starting" : "was not ready after 60 s";
      throw new Error(`the server ${what}:\n${(await readLog(folder)).slice(-2000)}`);
    }
    await sleep(15);
  }
}

export async function readLog(folder: string): Promise<string> {
  return readFile(join(folder, "server.log"), "utf8").catch(() => "");
}

/** A port nobody listens on. Another process may take it before the server does: callers try again with another. */
export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

const guardScript = `
folder=$1 pid_file=$2 signal=$3
cat > /dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  [ -d "$folder" ] || exit 0
  pid=$(head -n 1 "$pid_file" 2> /dev/null)
  [ -n "$pid" ] && break
  sleep 0.1
done
is_ours() { grep -qaF "$folder" "/proc/$pid/cmdline" 2> /dev/null; }
if [ -n "$pid" ] && is_ours; then
  kill -s "$signal" "$pid"
  for attempt in $(seq 50); do is_ours || break; sleep 0.1; done
  is_ours && kill -s KILL "$pid"
fi
rm -rf "$folder"
`;

export interface Guard {
  /** Removes the folder and ends the guard. The server in it must have been stopped. */
  dismiss(): Promise<void>;
}

/**
 * A small process that outlives this one just long enough to stop the server and remove its folder. It reads from a pipe
 * that closes when this process ends, in whatever way: return, Ctrl-C, an uncaught error or SIGKILL.
 */
export async function startGuard(folder: string, pidFile: string, signal: "QUIT" | "TERM"): Promise<Guard> {
  const child = spawn("/bin/sh", ["-c", guardScript, "guard", folder, pidFile, signal], {
    cwd: "/",
    detached: true,
    env: plainEnvironment,
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(child, "spawn");
  child.unref();
  (child.stdin as unknown as Socket).unref();
  return {
    async dismiss() {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      const exited = once(child, "exit");
      child.ref();
      child.stdin.end();
      if (child.exitCode === null) await exited;
    },
  };
}

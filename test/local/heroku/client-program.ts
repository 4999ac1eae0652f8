import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { clientArguments, clientEnvironment, type DatabaseConnection } from "./connection.ts";

/**
 * Where pg_restore and pg_dump of a major lie: a folder with `<major>/bin`, or a function that gives the folder which
 * holds the two programs.
 */
export type ClientDirectory = string | ((major: number) => string | Promise<string>);

export type ClientProgram = {
  child: ChildProcess;
  /** The exit code once the program has ended and its output is read; null when a signal ended it. */
  ended: Promise<number | null>;
};

/** Starts a program of the database's own major as the database's owner; each line of its standard error goes to `say`. */
export async function startClient(options: {
  directory: ClientDirectory;
  program: "pg_restore" | "pg_dump";
  major: number;
  connection: DatabaseConnection;
  say: (line: string) => void;
}): Promise<ClientProgram> {
  const { connection, major, program } = options;
  const folder =
    typeof options.directory === "string"
      ? join(options.directory, String(major), "bin")
      : await options.directory(major);
  const common = ["--no-owner", "--no-privileges", "--verbose", "--format", "custom"];
  const child = spawn(join(folder, program), [...common, ...clientArguments(connection, connection.owner)], {
    env: clientEnvironment(connection, connection.owner),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A program that ends before it has read everything breaks the pipe; its exit code and its lines say why.
  child.stdin.on("error", () => undefined);
  createInterface({ input: child.stderr }).on("line", options.say);
  return { child, ended: waitForEnd(child) };
}

async function waitForEnd(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}

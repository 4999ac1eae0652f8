import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { MigrationError } from "../errors.ts";
import { redact } from "../secret.ts";
import { quoteIdentifier } from "./session.ts";
import type { TableName } from "../inputs/inputs.ts";

export interface PgDumpOptions {
  program: string;
  /** From `openConnectionEnvironment`. */
  environment: Readonly<Record<string, string>>;
  snapshotId: string;
  /** `-Z`: a zlib level, or `zstd:3` from 16 on; `0` when only the contents are wanted. */
  compression: string;
  excludeSchemas: readonly string[];
  excludeTableData: readonly TableName[];
  /** Tables and sequences, with everything that is theirs: those of extensions that stay behind may not be readable. */
  excludeTables?: readonly TableName[];
  signal: AbortSignal;
}

export interface PgDumpProcess {
  /** The archive: header and contents first, then data blocks. */
  output: Readable;
  /** Resolves with what it wrote to standard error, once it ended with exit code 0. */
  finished: Promise<{ messages: string[] }>;
  /** Ends it early. `finished` then resolves, because that was wanted. */
  stop(): Promise<void>;
}

/** Patience with a child that was told to end; the whole run has 5 s after a signal. */
const killAfterMs = 2000;

/**
 * Starts `pg_dump -Fc` under an exported snapshot, its archive on a pipe. Owners and privileges stay in the archive as
 * comments of record: Heroku restores with --no-owner --no-privileges.
 */
export function startPgDump(options: PgDumpOptions): PgDumpProcess {
  const child = spawn(options.program, dumpArguments(options), {
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  const listMessages = (): string[] => written.split("\n").filter((line) => line !== "");
  let stopped = false;
  const kill = (): void => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), killAfterMs).unref();
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written += text));
  options.signal.addEventListener("abort", kill, { once: true });
  const finished = new Promise<{ messages: string[] }>((resolve, reject) => {
    child.once("error", (error) =>
      reject(
        new MigrationError(`pg_dump could not be started: ${error.message}`, { code: "PG_DUMP_FAILED", cause: error }),
      ),
    );
    child.once("close", (code, signalName) => {
      options.signal.removeEventListener("abort", kill);
      if (code === 0 || stopped) resolve({ messages: listMessages().map(redact) });
      else
        reject(options.signal.aborted ? (options.signal.reason as Error) : failure(code, signalName, listMessages()));
    });
  });
  // Whoever reads the output may fail first; the rejection is still theirs to await.
  finished.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopped = true;
    kill();
    await finished.catch(() => undefined);
  };
  return { output: child.stdout, finished, stop };
}

function dumpArguments(options: PgDumpOptions): string[] {
  return [
    "--format=custom",
    `--compress=${options.compression}`,
    `--snapshot=${options.snapshotId}`,
    "--no-password",
    "--lock-wait-timeout=60000",
    ...options.excludeSchemas.map((schema) => `--exclude-schema=${exactPattern(schema)}`),
    ...options.excludeTableData.map((table) => `--exclude-table-data=${exactTablePattern(table)}`),
    ...(options.excludeTables ?? []).map((table) => `--exclude-table=${exactTablePattern(table)}`),
  ];
}

function exactTablePattern({ schema, table }: TableName): string {
  return `${exactPattern(schema)}.${exactPattern(table)}`;
}

/** Inside double quotes a pattern's special characters stand for themselves (PostgreSQL manual, psql, Patterns). */
function exactPattern(name: string): string {
  return quoteIdentifier(name);
}

function failure(code: number | null, signalName: NodeJS.Signals | null, messages: readonly string[]): MigrationError {
  const text = redact(messages.join("\n"));
  const how = signalName === null ? `exit code ${code}` : `signal ${signalName}`;
  return new MigrationError(`pg_dump failed with ${how}: ${text.slice(0, 2000) || "it said nothing"}`, {
    code: "PG_DUMP_FAILED",
    hint: hintFor(text),
  });
}

const hints: readonly [pattern: RegExp, hint: string][] = [
  [/permission denied/u, "Grant the missing rights (the preflight lists every statement), then run again."],
  [/row-level security/u, "Use a role with BYPASSRLS, or the tables' owner, as source user."],
  [
    /server version mismatch|aborting because of server version/u,
    "Install the PostgreSQL client of the target's major.",
  ],
  [
    /canceling statement due to lock timeout|could not obtain lock/u,
    "Somebody holds an exclusive lock: end that session, then run again.",
  ],
  [
    /invalid snapshot|snapshot .* does not exist/u,
    "The source URL leads through a pooler or a balancer, or the snapshot's session was ended: use a direct connection to the primary.",
  ],
  [
    /idle-in-transaction|terminating connection/u,
    "The server ended our session: lift its timeouts for this role while the migration runs.",
  ],
];

function hintFor(text: string): string {
  return (
    hints.find(([pattern]) => pattern.test(text))?.[1] ??
    "The message is pg_dump's own; the target has not been touched."
  );
}

import { getExecOutput } from "@actions/exec";
import { access } from "node:fs/promises";
import { MigrationError } from "../errors.ts";
import type { Log } from "../log.ts";
import { childEnvironment } from "./child-environment.ts";
import {
  type ClientPrograms,
  type ClientSearch,
  findClientPrograms,
  missingClientError,
  usableMajors,
} from "./client-programs.ts";

interface InstallOptions extends ClientSearch {
  install: boolean;
  log: Log;
}

/**
 * The right client: the target's major where it is installed or can be, else another one between source and target.
 *
 * @throws MigrationError that names the package to install
 */
export async function findOrInstallClient(options: InstallOptions): Promise<ClientPrograms> {
  const [targetMajor] = usableMajors(options);
  if (targetMajor === undefined) throw missingClientError(options, "");
  const installed = await findClientPrograms(options);
  if (installed?.majorVersion === targetMajor) return installed;
  if (!options.install) return installed ?? fail(options, ", and install-client is false");
  try {
    await installClient(targetMajor, options);
  } catch (error) {
    if (installed === undefined) throw error;
    options.log.info(`${(error as Error).message} The installed major ${installed.majorVersion} serves as well.`);
    return installed;
  }
  const found = await findClientPrograms(options);
  if (found === undefined) throw missingClientError(options, ", and apt did not bring one");
  options.log.info(`Installed the PostgreSQL ${found.version} client.`);
  return found;
}

function fail(options: InstallOptions, reason: string): never {
  throw missingClientError(options, reason);
}

/** PGDG's own set-up script; postgresql-common ships it with the signing key (PGDG wiki, Apt). */
const pgdgScript = "/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh";

async function installClient(major: number, options: InstallOptions): Promise<void> {
  if (process.platform !== "linux" || !(await exists("/usr/bin/apt-get")))
    throw missingClientError(options, ", and this machine has no apt");
  const prefix = await privilegePrefix(options);
  const install = [
    "apt-get",
    "install",
    "-y",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=120",
    `postgresql-client-${major}`,
  ];
  options.log.info(`Installing postgresql-client-${major} …`);
  if ((await tryCommand([...prefix, ...install])) === undefined) return;
  if (!(await exists(pgdgScript)))
    await tryCommand([
      ...prefix,
      "apt-get",
      "install",
      "-y",
      "--no-install-recommends",
      "postgresql-common",
      "ca-certificates",
    ]);
  await tryCommand([...prefix, pgdgScript, "-y"]);
  const problem = await tryCommand([...prefix, ...install]);
  if (problem !== undefined)
    throw new MigrationError(missingClientError(options, "").message, {
      code: "CLIENT_MISSING",
      hint: `apt could not install postgresql-client-${major}: ${problem}`,
    });
}

async function privilegePrefix(options: ClientSearch): Promise<string[]> {
  if (process.getuid?.() === 0) return [];
  if ((await tryCommand(["sudo", "-n", "true"])) === undefined) return ["sudo", "-n"];
  throw missingClientError(options, ", and installing one needs root or passwordless sudo");
}

/** Undefined when it succeeded, else the last line that it wrote. */
async function tryCommand([program = "", ...args]: readonly string[]): Promise<string | undefined> {
  try {
    const { exitCode, stderr, stdout } = await getExecOutput(program, args, {
      ignoreReturnCode: true,
      silent: true,
      env: childEnvironment({ DEBIAN_FRONTEND: "noninteractive" }),
    });
    return exitCode === 0 ? undefined : (lastLine(stderr) ?? lastLine(stdout) ?? `exit code ${exitCode}`);
  } catch (error) {
    return (error as Error).message;
  }
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1)?.trim() || undefined;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serverBinaries } from "../local/postgres/binaries.ts";
import { giveToServer } from "../local/postgres/cluster.ts";
import { findFreePort, startDaemon, startGuard, waitUntilReady } from "../local/postgres/daemon.ts";
import { serverIdentity, temporaryBase } from "../local/postgres/identity.ts";
import { runProgram } from "../local/postgres/programs.ts";
import type { PostgresServer } from "../local/postgres/servers.ts";

export interface Standby extends AsyncDisposable {
  url: string;
}

/** A copy of a server that replays and takes reads only; it has no primary to follow and waits for one for ever. */
export async function startStandby(server: PostgresServer, settings: string): Promise<Standby> {
  const [row] = await server.query<{ data: string }>("postgres", "select current_setting('data_directory') as data");
  const folder = await mkdtemp(join(temporaryBase(), "migrate-standby-"));
  const guard = await startGuard(folder, join(folder, "data/postmaster.pid"), "QUIT");
  await giveToServer(folder);
  await server.restart();
  await runProgram("cp", ["-a", row?.data ?? "", folder], { cwd: folder, identity: serverIdentity });
  await makeStandby(join(folder, "data"), settings);
  const port = await findFreePort();
  await writeFile(join(folder, "data/port.conf"), `port = ${port}\n`);
  const program = join(await serverBinaries(server.major), "bin/postgres");
  const daemon = await startDaemon({ folder, program, args: ["-D", join(folder, "data")] });
  await waitUntilReady(daemon, folder, () => acceptsReads(folder));
  return {
    url: server.superuserUrl("postgres").replace(`:${server.port}/`, `:${port}/`),
    [Symbol.asyncDispose]: async () => {
      await daemon.stop("SIGINT");
      await guard.dismiss();
    },
  };
}

/** The copy was made of a running server: what it would need to recover is in its own log. */
async function makeStandby(data: string, settings: string): Promise<void> {
  await rm(join(data, "postmaster.pid"), { force: true });
  await writeFile(join(data, "standby.signal"), "");
  const configuration = join(data, "postgresql.conf");
  await writeFile(configuration, `${await readFile(configuration, "utf8")}\n${settings}\n`);
  await giveToServer(join(data, "standby.signal"));
}

async function acceptsReads(folder: string): Promise<boolean> {
  const lines = (await readFile(join(folder, "data/postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return lines[7]?.trim() === "ready";
}

/** Started by postgres.test.ts to be ended in several ways, none of which lets it clean up. */
import { dirname } from "node:path";
import { startPgbouncer } from "./pgbouncer.ts";
import { startPostgres } from "./servers.ts";

const server = await startPostgres({ major: 16 });
const pgbouncer = await startPgbouncer({ server, users: [] });
const [row] = await server.query<{ path: string }>("postgres", "select current_setting('data_directory') as path");
console.log(JSON.stringify({ pids: [server.pid, pgbouncer.pid], folder: dirname(row?.path ?? "") }));
process.on("message", () => process.exit(0));
setInterval(() => undefined, 1000);

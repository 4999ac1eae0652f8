import { randomBytes } from "node:crypto";
import { type ArtifactService, startArtifactService } from "./artifacts/service.ts";
import { type Bucket, startBucket } from "./bucket/bucket.ts";
import type { ProfileName } from "./bucket/profiles.ts";
import type { DatabaseConnection } from "./heroku/connection.ts";
import type { AppOptions, DatabaseOptions } from "./heroku/options.ts";
import { type LocalHeroku, startHeroku } from "./heroku/server.ts";
import { createTarget } from "./heroku/target.ts";
import { clientDirectory } from "./postgres/clients.ts";
import type { Major } from "./postgres/binaries.ts";
import type { MadeUpExtension } from "./postgres/extensions.ts";
import { type PostgresServer, startPostgres } from "./postgres/servers.ts";

export interface WorldOptions {
  sourceMajor?: Major;
  targetMajor?: Major;
  /** Extensions that only this provider's servers offer. */
  providerExtensions?: MadeUpExtension[];
  /** Extensions that Heroku offers and PostgreSQL does not ship. */
  targetExtensions?: MadeUpExtension[];
  sourceSettings?: Record<string, string>;
  bucketProfile?: ProfileName;
  app?: Partial<AppOptions>;
  database?: Partial<DatabaseOptions>;
}

/** One machine's worth of the outside world: a source, a target on a local Heroku, a bucket, an artifact service. */
export interface World extends AsyncDisposable {
  source: PostgresServer;
  target: PostgresServer;
  /** How to reach the target as its owner or its superuser. */
  connectTarget: () => DatabaseConnection;
  heroku: LocalHeroku;
  bucket: Bucket;
  artifacts: ArtifactService;
  clients: string;
  /** The source database's URL for an unprivileged owner of everything in it. */
  sourceUrl: string;
  sourceDatabase: string;
  /** What a user would write, by input name: everything but `command` and `confirm`. */
  inputs: Record<string, string>;
  /** What none of it may leak. */
  secrets: string[];
}

export const appName = "example-app";
export const addonName = "postgresql-curved-12345";

/** Starts all of it on free loopback ports. Disposing stops all of it, the last started first. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { sourceMajor = 15, targetMajor = 15 } = options;
  await using started = new AsyncDisposableStack();
  const [source, target] = await startBoth(
    started,
    startPostgres({
      major: sourceMajor,
      tls: true,
      settings: options.sourceSettings ?? {},
      extensions: { added: (options.providerExtensions ?? []).map((extension) => ({ ...extension, trusted: true })) },
    }),
    startPostgres({ major: targetMajor, tls: true, extensions: { added: options.targetExtensions } }),
  );
  const clients = await clientDirectory(targetMajor);
  const connectTarget = await createTarget(target, { tls: true });
  const token = `HRKU-${randomBytes(24).toString("hex")}`;
  const keys = {
    accessKeyId: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString("base64url"),
  };
  const bucket = started.use(
    await startBucket({ bucket: "migrations", region: "us-east-1", profile: options.bucketProfile ?? "aws", ...keys }),
  );
  const heroku = started.use(
    await startHeroku({
      token,
      apps: [
        {
          name: appName,
          formation: [
            { type: "web", quantity: 2 },
            { type: "worker", quantity: 1 },
          ],
          ...options.app,
        },
      ],
      databases: [
        {
          app: appName,
          addonName,
          plan: "standard-0",
          connect: connectTarget,
          hasOwnExtensionFiles: true,
          ...options.database,
        },
      ],
      restoreClientDirectory: clients,
    }),
  );
  const artifacts = started.use(await startArtifactService());
  // Characters that must be percent-encoded in a URL, so that every form of the password is met.
  const password = `p@ss/${randomBytes(9).toString("hex")}#%+x`;
  await source.createOwner({ role: "shop_owner", password, database: "shop" });
  const sourceUrl = source.url({ user: "shop_owner", password, database: "shop" });
  const secrets = [token, keys.secretAccessKey, password, encodeURIComponent(password), connectTarget().owner.password];
  const world = {
    source,
    target,
    connectTarget,
    heroku,
    bucket,
    artifacts,
    clients,
    sourceUrl,
    sourceDatabase: "shop",
    secrets,
  };
  const stack = started.move();
  return { ...world, inputs: inputsOf(world, keys, token), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Both are waited for, so that none is forgotten when the other one fails. */
async function startBoth(
  started: AsyncDisposableStack,
  ...starting: [Promise<PostgresServer>, Promise<PostgresServer>]
): Promise<[PostgresServer, PostgresServer]> {
  const [first, second] = await Promise.allSettled(starting);
  for (const result of [first, second]) if (result.status === "fulfilled") started.use(result.value);
  return [await starting[0], await starting[1]];
}

function inputsOf(
  world: Pick<World, "sourceUrl" | "bucket" | "heroku" | "clients">,
  keys: { accessKeyId: string; secretAccessKey: string },
  token: string,
): Record<string, string> {
  return {
    "source-database-url": world.sourceUrl,
    "heroku-api-key": token,
    "heroku-app": appName,
    bucket: "migrations",
    "s3-endpoint": world.bucket.endpoint,
    "s3-access-key-id": keys.accessKeyId,
    "s3-secret-access-key": keys.secretAccessKey,
    "postgres-client-dir": world.clients,
    "install-client": "false",
    "heroku-api-url": world.heroku.url,
    "heroku-data-url": world.heroku.url,
    "show-identifiers": "true",
  };
}

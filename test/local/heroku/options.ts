import type { ClientDirectory } from "./client-program.ts";
import { ownerUrl, withSession, type DatabaseConnection } from "./connection.ts";
import { allowExtensions, offeredExtensions, publishAllowList } from "./extensions.ts";
import {
  appNamed,
  newId,
  planOf,
  type Addon,
  type App,
  type Database,
  type FormationEntry,
  type Timings,
  type World,
} from "./world.ts";

export type AppOptions = {
  name: string;
  id?: string;
  maintenance?: boolean;
  /** Name of the private space that the app lives in. */
  space?: string;
  formation?: (Pick<FormationEntry, "type" | "quantity"> & Partial<FormationEntry>)[];
  /** One-off dynos that run beside the formation. */
  oneOffDynos?: { name: string; command: string }[];
  configVars?: Record<string, string>;
  /** False: 403 to this token. */
  access?: boolean;
};

export type DatabaseOptions = {
  /** The app that bills it and that it is attached to. */
  app: string;
  addonName: string;
  /** With or without the service: `standard-0`. */
  plan: string;
  /** Default `DATABASE`. */
  attachmentName?: string;
  /** More attachments; on the same app unless another is named. */
  attachments?: { name: string; app?: string; namespace?: string }[];
  connect: Database["connect"];
  /** What the info shows; pg_restore's major always comes from the server itself. */
  postgresVersion?: string;
  following?: string;
  status?: string;
  /** False: the Data API does not know it yet (404). */
  isProvisioned?: boolean;
  info?: Database["info"];
  /** Extensions that the owner may create. Default: what Heroku offers. */
  extensions?: readonly string[];
  /** The server was started with `extensions: {}`: make it allow exactly those; see `allowExtensions`. */
  hasOwnExtensionFiles?: boolean;
};

/** An add-on that is no Heroku Postgres database, to be told from one. */
export type AddonOptions = { app: string; addonName: string; plan: string; attachmentName: string; url?: string };

export type HerokuOptions = {
  token: string;
  account?: { id?: string; email?: string };
  apps: AppOptions[];
  databases?: DatabaseOptions[];
  addons?: AddonOptions[];
  restoreClientDirectory: ClientDirectory;
  timings?: Partial<Timings>;
  /** The most rows that one page of a list holds. Default 200, as on Heroku. */
  pageSize?: number;
};

const quickTimings: Timings = { pendingMs: 100, refreshMs: 200, publicUrlMs: 3_600_000, dynoStopMs: 0 };

export async function createWorld(options: HerokuOptions): Promise<World> {
  const world: World = {
    account: { id: options.account?.id ?? newId(), email: options.account?.email ?? "owner@example.com" },
    apps: options.apps.map(createApp),
    addons: [],
    attachments: [],
    transfers: [],
    timings: { ...quickTimings, ...options.timings },
    pageSize: options.pageSize ?? 200,
    rateLimit: { remaining: 4500, countedAt: Date.now() },
  };
  for (const addon of options.addons ?? []) addPlainAddon(world, addon);
  for (const database of options.databases ?? []) await addDatabase(world, database);
  return world;
}

function createApp(options: AppOptions): App {
  const now = new Date();
  return {
    id: options.id ?? newId(),
    name: options.name,
    maintenance: options.maintenance ?? false,
    access: options.access ?? true,
    space: options.space === undefined ? null : { id: newId(), name: options.space, shield: false },
    formation: (options.formation ?? []).map((entry) => ({
      id: newId(),
      size: "Standard-1X",
      command: `run ${entry.type}`,
      ...entry,
    })),
    extraDynos: (options.oneOffDynos ?? []).map((dyno) => ({
      ...dyno,
      type: "run",
      state: "up",
      size: "Standard-1X",
    })),
    configVars: { ...options.configVars },
    createdAt: now,
    updatedAt: now,
  };
}

function addPlainAddon(world: World, options: AddonOptions): void {
  const addon = addAddon(world, { ...options, url: options.url ?? "https://example.com/" });
  addAttachment(world, addon, options.attachmentName);
}

async function addDatabase(world: World, options: DatabaseOptions): Promise<void> {
  const connection = await options.connect();
  const plan = options.plan.includes(":") ? options.plan : `heroku-postgresql:${options.plan}`;
  const addon = addAddon(world, { ...options, plan, url: ownerUrl(connection) });
  addon.database = {
    addon,
    connect: options.connect,
    status: options.status ?? "Available",
    isProvisioned: options.isProvisioned ?? true,
    following: options.following ?? null,
    ...(options.postgresVersion !== undefined && { postgresVersion: options.postgresVersion }),
    info: options.info ?? {},
  };
  addAttachment(world, addon, options.attachmentName ?? "DATABASE");
  for (const { name, app, namespace } of options.attachments ?? []) addAttachment(world, addon, name, app, namespace);
  await prepareServer(addon.database, connection, options);
}

/** What a plan brings on the server itself: its allow-list of extensions and its limit of connections. */
async function prepareServer(
  database: Database,
  connection: DatabaseConnection,
  options: DatabaseOptions,
): Promise<void> {
  const plan = planOf(database);
  const extensions = options.extensions ?? offeredExtensions;
  await publishAllowList(connection, plan.tier, extensions);
  if (options.hasOwnExtensionFiles === true) await allowExtensions(connection, extensions);
  await withSession(connection, connection.superuser, async (client) => {
    const name = client.escapeIdentifier(connection.database);
    await client.query(`alter database ${name} connection limit ${plan.connections}`);
  });
}

function addAddon(world: World, options: { app: string; addonName: string; plan: string; url: string }): Addon {
  const addon: Addon = {
    id: newId(),
    name: options.addonName,
    app: appNamed(world, options.app),
    plan: options.plan,
    planId: newId(),
    createdAt: new Date(),
    url: options.url,
  };
  world.addons.push(addon);
  return addon;
}

function addAttachment(world: World, addon: Addon, name: string, app = addon.app.name, namespace?: string): void {
  world.attachments.push({
    id: newId(),
    name,
    namespace: namespace ?? null,
    app: appNamed(world, app),
    addon,
    createdAt: new Date(),
  });
}

import { randomUUID } from "node:crypto";
import { notFound, Refusal } from "./answers.ts";
import type { DatabaseConnection } from "./connection.ts";
import { planNamed, type Plan } from "./plans.ts";
import type { Transfer } from "./transfers.ts";

export type FormationEntry = { id: string; type: string; quantity: number; size: string; command: string };
export type Dyno = { name: string; type: string; state: string; size: string; command: string; stopsAt?: number };

export type App = {
  id: string;
  name: string;
  maintenance: boolean;
  /** False: the token sees that the app exists and may not touch it (403). */
  access: boolean;
  space: { id: string; name: string; shield: boolean } | null;
  formation: FormationEntry[];
  /** One-off dynos, and dynos of the formation that are still stopping. */
  extraDynos: Dyno[];
  /** Those that the user set; the attachments' are added when they are read. */
  configVars: Record<string, string>;
  createdAt: Date;
  updatedAt: Date;
};

/** An add-on of any service. Heroku Postgres add-ons have a `database`. */
export type Addon = {
  id: string;
  name: string;
  /** The app that bills it. */
  app: App;
  /** With its service: `heroku-postgresql:standard-0`. */
  plan: string;
  planId: string;
  createdAt: Date;
  /** Value of the config vars that its attachments bring. Of a database: as it was at the start. */
  url: string;
  database?: Database;
};

export type Database = {
  addon: Addon;
  connect: () => DatabaseConnection | Promise<DatabaseConnection>;
  /** `Available`, or what the database is doing instead. */
  status: string;
  isProvisioned: boolean;
  /** Resource URL of the leader that this database follows. */
  following: string | null;
  /** Shown in the database's info in place of what the server says. */
  postgresVersion?: string;
  /** Lines of the info that replace ours, by name; null leaves the line out. */
  info: Record<string, string[] | null>;
};

export type Attachment = {
  id: string;
  name: string;
  /** `credential:NAME` for a named credential. */
  namespace: string | null;
  /** The app that it is attached to. */
  app: App;
  addon: Addon;
  createdAt: Date;
};

export type Timings = {
  /** How long a transfer waits for a worker. */
  pendingMs: number;
  /** How often `processed_bytes` and `updated_at` move. Heroku: 5 s. */
  refreshMs: number;
  /** Life of a backup's public URL. Heroku: one hour. */
  publicUrlMs: number;
  /** How long a dyno that was scaled away is still listed. */
  dynoStopMs: number;
};

export type World = {
  account: { id: string; email: string };
  apps: App[];
  addons: Addon[];
  attachments: Attachment[];
  transfers: Transfer[];
  timings: Timings;
  /** The most rows that one answer of a list holds. */
  pageSize: number;
  /** Tokens left of the 4,500 that an account has, and when they were last counted. */
  rateLimit: { remaining: number; countedAt: number };
};

export function findApp(world: World, text: unknown): App | undefined {
  return world.apps.find((app) => app.id === text || app.name === text);
}

/** The app by name or id; refused as Heroku does where it does not exist or the token may not touch it. */
export function appNamed(world: World, text: unknown): App {
  const app = findApp(world, text);
  if (app === undefined) throw notFound("app");
  if (!app.access) throw new Refusal(403, "forbidden", `You do not have access to the app ${app.name}.`);
  return app;
}

export function addonNamed(world: World, text: unknown): Addon {
  const addon = world.addons.find(({ id, name }) => id === text || name === text);
  if (addon === undefined) throw notFound("add-on");
  return addon;
}

export function databaseWithId(world: World, text: unknown): Database {
  const database = addonNamed(world, text).database;
  if (database === undefined || !database.isProvisioned) throw notFound("database");
  if (planOf(database).tier === "advanced") throw notFound("database");
  return database;
}

export function planOf(database: Database): Plan {
  return planNamed(database.addon.plan.replace(/^[^:]*:/, ""));
}

export function isAvailable(database: Database): boolean {
  return database.status === "Available";
}

/** Attachments of one app, the one that `heroku config` would show first in front. */
export function listAttachmentsOf(world: World, app: App): Attachment[] {
  return world.attachments.filter((attachment) => attachment.app === app);
}

export function newId(): string {
  return randomUUID();
}

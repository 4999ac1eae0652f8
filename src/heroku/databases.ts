import type { HerokuApi } from "./api.ts";
import { createAttachment, listAttachments } from "./attachments.ts";
import { databasePath } from "./database-info.ts";
import type { TargetDatabase } from "./resolve-database.ts";
import { isRefused } from "./api-error.ts";

interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** A reset drops and makes the database anew, which takes a large one a while. */
const resetTimeoutMs = 180_000;

/** Empties the database for good. */
export async function resetDatabase(
  api: HerokuApi,
  database: TargetDatabase,
  extensions: readonly string[] = [],
  options: CallOptions = {},
): Promise<void> {
  await api.request("data", {
    method: "PUT",
    path: `${databasePath(database)}/reset`,
    body: extensions.length === 0 ? {} : { extensions: [...extensions] },
    what: `reset ${database.addonName}`,
    timeoutMs: resetTimeoutMs,
    ...options,
  });
}

export interface Promotion {
  /** False where it was the app's DATABASE already. */
  changed: boolean;
  /** The name under which the app still knows its old database. */
  oldName: string | undefined;
}

/**
 * Makes the database the app's `DATABASE_URL`. The old one keeps, or gets, another name, so that nothing is lost with it
 * (as `heroku pg:promote` does).
 */
export async function promoteDatabase(
  api: HerokuApi,
  database: TargetDatabase,
  options: CallOptions = {},
): Promise<Promotion> {
  const app = database.app.name;
  const attachments = await listAttachments(api, app, options);
  const current = attachments.find((attachment) => attachment.name === "DATABASE");
  if (current?.addonId === database.addonId) return { changed: false, oldName: undefined };
  let oldName: string | undefined;
  if (current !== undefined) {
    const others = attachments.filter(({ addonId, name }) => addonId === current.addonId && name !== "DATABASE");
    // A named credential's attachment leads to the same data with fewer rights: no way back.
    const other = others.find(({ namespace }) => namespace === undefined);
    oldName = other?.name ?? (await attachOnce(api, { app, addon: current.addonId }, options));
  }
  await attachOnce(api, { app, addon: database.addonId, name: "DATABASE", confirm: app }, options);
  return { changed: true, oldName };
}

/** After a lost answer the app's attachments tell whether it was done. */
async function attachOnce(
  api: HerokuApi,
  wanted: { app: string; addon: string; name?: string; confirm?: string },
  options: CallOptions,
): Promise<string> {
  try {
    return (await createAttachment(api, wanted, options)).name;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isRefused(error)) throw error;
    const attachments = await listAttachments(api, wanted.app, options);
    const made = attachments.find(
      ({ addonId, name, namespace }) =>
        addonId === wanted.addon &&
        (wanted.name === undefined ? name !== "DATABASE" && namespace === undefined : name === wanted.name),
    );
    if (made === undefined) throw error;
    return made.name;
  }
}

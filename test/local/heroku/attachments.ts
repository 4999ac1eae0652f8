import { created, invalidParams, notFound, ok, platformTime, Refusal, type Answer } from "./answers.ts";
import { ownerUrl } from "./connection.ts";
import {
  addonNamed,
  appNamed,
  listAttachmentsOf,
  newId,
  type Addon,
  type App,
  type Attachment,
  type World,
} from "./world.ts";

type Ref = { id: string; name: string };

const colors = ["PINK", "AQUA", "AMBER", "BLUE", "COBALT", "CRIMSON", "GRAY", "GREEN", "IVORY", "JADE", "OLIVE"];

/** Config vars of an attachment, in Heroku's naming. */
export function configVarName(attachment: Attachment): string {
  return `${attachment.name}_URL`;
}

/** The user's config vars and, behind them, those that the attachments bring. */
export async function readConfigVars(world: World, app: App): Promise<Record<string, string>> {
  const vars = { ...app.configVars };
  for (const attachment of listAttachmentsOf(world, app)) {
    const { addon } = attachment;
    vars[configVarName(attachment)] = addon.database ? ownerUrl(await addon.database.connect()) : addon.url;
  }
  return vars;
}

/** Sets and, with null, removes config vars. Those of attachments are not the user's to write. */
export async function patchConfigVars(world: World, app: App, changes: unknown): Promise<Answer> {
  if (typeof changes !== "object" || changes === null || Array.isArray(changes)) {
    throw invalidParams("Config vars must be an object.");
  }
  const attached = new Set(listAttachmentsOf(world, app).map(configVarName));
  for (const [name, value] of Object.entries(changes)) {
    if (attached.has(name)) throw invalidParams(`Cannot overwrite attachment values ${name}.`);
    if (value !== null && typeof value !== "string") throw invalidParams(`Config var ${name} must be a string.`);
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete app.configVars[name];
    else app.configVars[name] = value as string;
  }
  app.updatedAt = new Date();
  return ok(await readConfigVars(world, app));
}

/**
 * The resolver: attachments whose name, config var, id or add-on is the text given, on one app or on all that the token
 * may touch. Several are no error here: the client decides.
 */
export function resolveAttachment(world: World, body: unknown): Answer {
  const { addon_attachment: text, app, addon_service: service } = (body ?? {}) as Record<string, unknown>;
  if (typeof text !== "string" || text === "") throw invalidParams("addon_attachment must be a string.");
  const place = app === undefined || app === null ? undefined : appNamed(world, nameIn(app));
  const matches = world.attachments.filter(
    (attachment) =>
      (place === undefined ? attachment.app.access : attachment.app === place) &&
      isNamed(attachment, text) &&
      (typeof service !== "string" || attachment.addon.plan.startsWith(`${service}:`)),
  );
  if (matches.length > 0) return ok(matches.map(renderAttachment));
  throw new Refusal(404, "not_found", "Couldn't find that add on attachment.", { resource: "add_on attachment" });
}

function isNamed(attachment: Attachment, text: string): boolean {
  const { addon, id, name } = attachment;
  return [name, configVarName(attachment), id, addon.name, addon.id].includes(text);
}

/** Attaches an add-on; with a name that is taken, `confirm` must repeat the app's name, and the old attachment goes. */
export function attach(world: World, body: unknown): Answer {
  const wanted = (body ?? {}) as Record<string, unknown>;
  const app = appNamed(world, nameIn(wanted["app"]));
  const addon = addonNamed(world, nameIn(wanted["addon"]));
  const name = typeof wanted["name"] === "string" ? wanted["name"] : freeName(world, app);
  if (!/^[A-Z][A-Z0-9_]*$/.test(name)) throw invalidParams("Name must be upper case letters, digits and underscores.");
  const namespace = typeof wanted["namespace"] === "string" ? wanted["namespace"] : null;
  const occupant = listAttachmentsOf(world, app).find((attachment) => attachment.name === name);
  if (occupant !== undefined) giveWay(world, occupant, wanted["confirm"]);
  const attachment: Attachment = { id: newId(), name, namespace, app, addon, createdAt: new Date() };
  world.attachments.push(attachment);
  return created(renderAttachment(attachment));
}

/** The app that bills an add-on keeps one attachment of it, so a promotion must first give the old database another name. */
function giveWay(world: World, occupant: Attachment, confirm: unknown): void {
  const { addon, app } = occupant;
  if (confirm !== app.name) {
    throw new Refusal(423, "confirmation_required", `Confirm with the app's name: ${occupant.name} is in use.`);
  }
  const others = listAttachmentsOf(world, app).filter((other) => other.addon === addon && other !== occupant);
  if (addon.app === app && others.length === 0) {
    throw new Refusal(403, "forbidden", `Cannot destroy last attachment to billing app for resource ${addon.name}`);
  }
  world.attachments.splice(world.attachments.indexOf(occupant), 1);
}

function freeName(world: World, app: App): string {
  const taken = new Set(listAttachmentsOf(world, app).map(({ name }) => name));
  const free = colors.map((color) => `HEROKU_POSTGRESQL_${color}`).find((name) => !taken.has(name));
  if (free === undefined) throw notFound("free attachment name");
  return free;
}

/** Names come as text, or as an object with `name` or `id`. */
function nameIn(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { id, name } = value as Partial<Ref>;
  return name ?? id;
}

export function renderAttachment(attachment: Attachment): Record<string, unknown> {
  const { addon, app } = attachment;
  return {
    id: attachment.id,
    name: attachment.name,
    namespace: attachment.namespace,
    app: ref(app),
    addon: { id: addon.id, name: addon.name, app: ref(addon.app), plan: planRef(addon) },
    config_vars: [configVarName(attachment)],
    web_url: null,
    created_at: platformTime(attachment.createdAt),
    updated_at: platformTime(attachment.createdAt),
  };
}

export function renderAddon(world: World, addon: Addon): Record<string, unknown> {
  const own = listAttachmentsOf(world, addon.app).filter((attachment) => attachment.addon === addon);
  return {
    id: addon.id,
    name: addon.name,
    app: ref(addon.app),
    addon_service: { id: newId(), name: addon.plan.split(":")[0] },
    plan: planRef(addon),
    state: addon.database?.isProvisioned === false ? "provisioning" : "provisioned",
    config_vars: own.map(configVarName),
    provider_id: addon.id,
    created_at: platformTime(addon.createdAt),
    updated_at: platformTime(addon.createdAt),
  };
}

function planRef(addon: Addon): Ref {
  return { id: addon.planId, name: addon.plan };
}

export function ref({ id, name }: Ref): Ref {
  return { id, name };
}

import { invalidParams, notFound, ok, platformTime, type Answer } from "./answers.ts";
import { ref } from "./attachments.ts";
import { newId, type App, type Dyno, type FormationEntry } from "./world.ts";

/** `{"updates":[{"type","quantity","size"}]}`. A quantity is a number, or text as the CLI sends it: `"2"`, `"+1"`. */
export function patchFormation(app: App, body: unknown, dynoStopMs: number): Answer {
  const updates = (body as { updates?: unknown } | undefined)?.updates;
  if (!Array.isArray(updates)) throw invalidParams("updates must be an array.");
  const changes = updates.map((update) => readUpdate(app, update as Record<string, unknown>));
  for (const { entry, quantity, size } of changes) {
    stopDynos(app, entry, quantity, dynoStopMs);
    entry.quantity = quantity;
    entry.size = size;
  }
  app.updatedAt = new Date();
  return ok(changes.map(({ entry }) => renderEntry(app, entry)));
}

type Change = { entry: FormationEntry; quantity: number; size: string };

function readUpdate(app: App, update: Record<string, unknown>): Change {
  const entry = app.formation.find(({ id, type }) => type === update["type"] || id === update["type"]);
  if (entry === undefined) throw notFound("process type");
  const size = typeof update["size"] === "string" ? update["size"] : entry.size;
  return { entry, quantity: readQuantity(update["quantity"], entry.quantity), size };
}

function readQuantity(value: unknown, current: number): number {
  if (value === undefined) return current;
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^[+-]?\d+$/.test(text)) throw invalidParams("quantity must be a whole number.");
  const quantity = /^[+-]/.test(text) ? current + Number(text) : Number(text);
  if (quantity < 0) throw invalidParams("quantity must not be negative.");
  return quantity;
}

/** Dynos that were scaled away get SIGTERM and stay in the list until they have gone. */
function stopDynos(app: App, entry: FormationEntry, quantity: number, dynoStopMs: number): void {
  const stopping = formationDynos(entry).slice(quantity);
  const stopsAt = Date.now() + dynoStopMs;
  if (dynoStopMs > 0) app.extraDynos.push(...stopping.map((dyno) => ({ ...dyno, stopsAt })));
}

export function listDynos(app: App): Record<string, unknown>[] {
  app.extraDynos = app.extraDynos.filter(({ stopsAt }) => stopsAt === undefined || stopsAt > Date.now());
  const dynos = [...app.formation.flatMap(formationDynos), ...app.extraDynos];
  return dynos.map((dyno) => ({
    id: newId(),
    name: dyno.name,
    type: dyno.type,
    state: dyno.state,
    size: dyno.size,
    command: dyno.command,
    app: ref(app),
    created_at: platformTime(app.createdAt),
    updated_at: platformTime(app.updatedAt),
  }));
}

function formationDynos(entry: FormationEntry): Dyno[] {
  const { command, quantity, size, type } = entry;
  return Array.from({ length: quantity }, (_, index) => ({
    name: `${type}.${index + 1}`,
    type,
    state: "up",
    size,
    command,
  }));
}

export function renderEntry(app: App, entry: FormationEntry): Record<string, unknown> {
  return { ...entry, app: ref(app), created_at: platformTime(app.createdAt), updated_at: platformTime(app.updatedAt) };
}

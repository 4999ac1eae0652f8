import { MigrationError } from "../errors.ts";
import { listNames } from "../format.ts";
import type { HerokuApi } from "./api.ts";
import { sdkJson } from "./api.ts";
import { appPath } from "./apps.ts";
import { type Fields, findNumber, findText, parseList, requireText } from "./fields.ts";

/** One process type and how many dynos run it. */
export interface FormationEntry {
  type: string;
  quantity: number;
  size: string | undefined;
}

export interface Dyno {
  name: string;
  type: string;
  state: string;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

export async function listFormation(api: HerokuApi, app: string, options: CallOptions = {}): Promise<FormationEntry[]> {
  const path = `${appPath(app)}/formation`;
  const answer = await api.request("platform", { path, what: `read the formation of ${app}`, ...options });
  return parseList(answer, "a formation").map(parseEntry);
}

/**
 * Sets how many dynos run each of the given process types; the others stay as they are.
 *
 * @returns the whole formation as it is now
 */
export async function scaleFormation(
  api: HerokuApi,
  app: string,
  quantities: readonly Pick<FormationEntry, "type" | "quantity">[],
  options: CallOptions = {},
): Promise<FormationEntry[]> {
  if (quantities.length === 0) return await listFormation(api, app, options);
  const wanted = quantities.map(({ type, quantity }) => ({ type, quantity }));
  await api.request("platform", {
    method: "PATCH",
    path: `${appPath(app)}/formation`,
    body: { updates: wanted },
    what: `scale ${wanted.map(({ type, quantity }) => `${type}=${quantity}`).join(" ")} of ${app}`,
    ...options,
  });
  const formation = await listFormation(api, app, options);
  const ignored = wanted.filter(({ type, quantity }) => findQuantity(formation, type) !== quantity);
  if (ignored.length === 0) return formation;
  const command = wanted.map(({ type, quantity }) => `${type}=${quantity}`).join(" ");
  throw new MigrationError(`Heroku did not scale ${listNames(ignored.map(({ type }) => type))} of ${app}.`, {
    code: "HEROKU_SCALE",
    hint: `Try it by hand: heroku ps:scale ${command} --app ${app}`,
  });
}

function findQuantity(formation: readonly FormationEntry[], type: string): number | undefined {
  return formation.find((entry) => entry.type === type)?.quantity;
}

/** Everything that runs, one-off dynos included: what may still write although the formation is at 0. */
export async function listDynos(api: HerokuApi, app: string, options: CallOptions = {}): Promise<Dyno[]> {
  const headers = { Accept: sdkJson };
  const path = `${appPath(app)}/dynos`;
  const answer = await api.request("platform", { path, headers, what: `list the dynos of ${app}`, ...options });
  return parseList(answer, "a list of dynos").map((fields) => ({
    name: findText(fields, "name") ?? "",
    type: findText(fields, "type") ?? "",
    state: findText(fields, "state") ?? "",
  }));
}

function parseEntry(fields: Fields): FormationEntry {
  return {
    type: requireText(fields, "type", "a formation"),
    quantity: findNumber(fields, "quantity") ?? 0,
    size: findText(fields, "size"),
  };
}

import type { Answer } from "./answers.ts";
import type { BackupStore } from "./backups.ts";
import type { ClientDirectory } from "./client-program.ts";
import type { Faults } from "./faults.ts";
import type { World } from "./world.ts";
import type { Work } from "./work.ts";

/** What every endpoint can reach. */
export type Stage = {
  world: World;
  faults: Faults;
  backups: BackupStore;
  work: Work;
  directory: ClientDirectory;
  /** `http://127.0.0.1:PORT` */
  origin: string;
};

export type Call = {
  stage: Stage;
  params: Record<string, string>;
  query: URLSearchParams;
  /** The `Range` header, by which lists are paged. */
  range: string | undefined;
  body: unknown;
};

export type Route = {
  method: string;
  path: RegExp;
  answer: (call: Call) => Answer | Promise<Answer>;
};

/** `"GET /apps/:app/formation"`: a colon names one segment of the path. */
export function route(line: string, answer: Route["answer"]): Route {
  const [method = "", path = ""] = line.split(" ");
  const pattern = path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)");
  return { method, path: new RegExp(`^${pattern}$`), answer };
}

export function findRoute(
  routes: Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const candidate of routes) {
    const match = candidate.method === method ? candidate.path.exec(path) : null;
    if (match === null) continue;
    const groups = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { route: candidate, params: Object.fromEntries(groups) as Record<string, string> };
  }
  return undefined;
}

import { invalidParams, ok, platformTime, type Answer } from "./answers.ts";
import {
  attach,
  patchConfigVars,
  readConfigVars,
  ref,
  renderAddon,
  renderAttachment,
  resolveAttachment,
} from "./attachments.ts";
import { listDynos, patchFormation, renderEntry } from "./formation.ts";
import { page } from "./paging.ts";
import { route, type Call, type Route } from "./routes.ts";
import { addonNamed, appNamed, listAttachmentsOf, type App, type World } from "./world.ts";

/** The Platform API, `https://api.heroku.com`. */
export const platformRoutes: Route[] = [
  route("GET /account", ({ stage }) => ok({ ...stage.world.account, verified: true, two_factor_authentication: true })),
  route("GET /apps", (call) => listApps(call)),
  route("GET /apps/:app", (call) => ok(renderApp(call.stage.world, appIn(call)))),
  route("PATCH /apps/:app", patchApp),
  route("GET /apps/:app/config-vars", async (call) => ok(await readConfigVars(call.stage.world, appIn(call)))),
  route("PATCH /apps/:app/config-vars", (call) => patchConfigVars(call.stage.world, appIn(call), call.body)),
  route("GET /apps/:app/addon-attachments", listAttachments),
  route("GET /apps/:app/addons", listAddons),
  route("GET /apps/:app/formation", (call) => list(call, formationOf(appIn(call)))),
  route("PATCH /apps/:app/formation", (call) =>
    patchFormation(appIn(call), call.body, call.stage.world.timings.dynoStopMs),
  ),
  route("GET /apps/:app/dynos", (call) => list(call, listDynos(appIn(call)))),
  route("POST /actions/addon-attachments/resolve", ({ stage, body }) => resolveAttachment(stage.world, body)),
  route("POST /addon-attachments", ({ stage, body }) => attach(stage.world, body)),
  route("GET /addons/:addon", ({ stage, params }) =>
    ok(renderAddon(stage.world, addonNamed(stage.world, params["addon"]))),
  ),
];

function appIn({ stage, params }: Call): App {
  return appNamed(stage.world, params["app"]);
}

function list(call: Call, rows: Record<string, unknown>[]): Answer {
  return page(rows, call.range, call.stage.world.pageSize);
}

function listApps(call: Call): Answer {
  const { world } = call.stage;
  return list(
    call,
    world.apps.filter(({ access }) => access).map((app) => renderApp(world, app)),
  );
}

function listAttachments(call: Call): Answer {
  return list(call, listAttachmentsOf(call.stage.world, appIn(call)).map(renderAttachment));
}

function listAddons(call: Call): Answer {
  const { world } = call.stage;
  const addons = new Set(listAttachmentsOf(world, appIn(call)).map(({ addon }) => addon));
  return list(
    call,
    [...addons].map((addon) => renderAddon(world, addon)),
  );
}

function formationOf(app: App): Record<string, unknown>[] {
  return app.formation.map((entry) => renderEntry(app, entry));
}

function patchApp(call: Call): Answer {
  const app = appIn(call);
  const maintenance = (call.body as { maintenance?: unknown } | undefined)?.maintenance;
  if (maintenance !== undefined && typeof maintenance !== "boolean") {
    throw invalidParams("maintenance must be true or false.");
  }
  app.maintenance = maintenance ?? app.maintenance;
  app.updatedAt = new Date();
  return ok(renderApp(call.stage.world, app));
}

function renderApp(world: World, app: App): Record<string, unknown> {
  return {
    ...ref(app),
    maintenance: app.maintenance,
    space: app.space,
    region: { id: `${app.id.slice(0, 35)}0`, name: "us" },
    stack: { id: `${app.id.slice(0, 35)}1`, name: "heroku-24" },
    owner: world.account,
    web_url: `https://${app.name}.example.com/`,
    created_at: platformTime(app.createdAt),
    updated_at: platformTime(app.updatedAt),
  };
}

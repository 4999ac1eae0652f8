import { formatBytes, formatCount, plural } from "../../format.ts";
import type { Check } from "../check.ts";
import { finding } from "../check.ts";
import { isTable } from "../catalog/relations.ts";
import { isClient } from "./sessions.ts";
import { planNamed } from "../../heroku/plans.ts";

export const sizeIsModerate: Check = {
  id: "size",
  title: "The database is of a size that this way suits",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { sizeBytes, database } = await gate.source.catalog.server();
    const message = `${database} is ${formatBytes(sizeBytes)} large, indexes and dead rows included.`;
    const { sizeBlockedBytes, sizeWarningBytes } = gate.limits;
    if (sizeBytes >= sizeBlockedBytes) return [finding("SIZE_TOO_LARGE", { message, objects: [database] })];
    if (sizeBytes >= sizeWarningBytes) return [finding("SIZE_LARGE", { message, objects: [database] })];
    return { findings: [], note: message };
  },
};

const nearlyFull = 0.8;

export const planHoldsDatabase: Check = {
  id: "plan-size",
  title: "The target's plan holds the database",
  area: "heroku",
  needs: ["source", "heroku"],
  async run(gate) {
    const { addon, info } = gate.heroku;
    const limitBytes = info.planBytes ?? planNamed(addon.plan).storageBytes;
    if (limitBytes === undefined) return { findings: [], note: `the size of ${addon.plan} is not known` };
    const { sizeBytes } = await gate.source.catalog.server();
    const message = `The database is ${formatBytes(sizeBytes)} large, ${addon.plan} holds ${formatBytes(limitBytes)}.`;
    const remedy = `Upgrade the target first: heroku addons:upgrade ${addon.name} PLAN --app ${addon.billingApp}`;
    const objects = [addon.name];
    if (sizeBytes > limitBytes) return [finding("SIZE_OVER_PLAN", { message, objects, remedy })];
    if (sizeBytes > limitBytes * nearlyFull) return [finding("SIZE_NEAR_PLAN", { message, objects })];
    return { findings: [], note: message };
  },
};

export const planAllowsTables: Check = {
  id: "plan-tables",
  title: "The target's plan allows as many tables",
  area: "heroku",
  needs: ["source", "heroku"],
  async run(gate) {
    const { addon, info } = gate.heroku;
    const limit = info.tableLimit ?? planNamed(addon.plan).tableLimit;
    const count = (await gate.source.catalog.relations()).filter(isTable).length;
    if (limit === undefined || count <= limit) return { findings: [], note: plural(count, "table") };
    const message = `The source has ${plural(count, "table")}, ${addon.plan} allows ${formatCount(limit)}.`;
    return [finding("TABLES_OVER_PLAN", { message, objects: [addon.name] })];
  },
};

const clientsQuery = `
  select count(*)::int from pg_stat_activity a
   where a.datname = current_database() and ${isClient("a")} and a.pid <> pg_backend_pid()`;

export const planAllowsConnections: Check = {
  id: "plan-connections",
  title: "The target's plan allows as many connections as are open now",
  area: "heroku",
  needs: ["source", "heroku"],
  async run(gate) {
    const { addon, info } = gate.heroku;
    const limit = info.connectionLimit ?? planNamed(addon.plan).connectionLimit;
    const count = await gate.source.session.value<number>(clientsQuery);
    if (limit === undefined || count <= limit) return { findings: [], note: `${count} now` };
    const message = `${count} clients are connected to the source now, ${addon.plan} allows ${limit}.`;
    return [finding("CONNECTIONS_OVER_PLAN", { message, objects: [addon.name] })];
  },
};

import type { Session } from "../../postgres/session.ts";
import type { Loss } from "../../report.ts";
import type { Setting, StoredSetting } from "../catalog/settings.ts";
import { listGrants } from "./grants.ts";
import { listJobs } from "./jobs.ts";
import { listUncarriedObjects } from "./objects.ts";
import { listOwners, listRoles } from "./roles.ts";
import { storedSettingLosses } from "./stored-settings.ts";

export interface LossContext {
  session: Session;
  user: string;
  /** Oids of the schemas that cross. */
  schemaOids: readonly number[];
  /** The provider's own roles, which nobody misses; `*` stands for any text. */
  providerRoles: readonly string[];
  providerEventTriggers: readonly string[];
  settings: readonly Setting[];
  storedSettings: readonly StoredSetting[];
}

/** What neither the archive carries nor Heroku takes, with SQL where Heroku allows it to be recreated. */
export async function listLosses(context: LossContext): Promise<Loss[]> {
  return [
    ...(await listRoles(context)),
    ...(await listOwners(context)),
    ...(await listGrants(context)),
    ...storedSettingLosses(context),
    ...(await listJobs(context)),
    ...(await listUncarriedObjects(context)),
  ];
}

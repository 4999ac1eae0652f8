import type { Session } from "../../postgres/session.ts";
import { type InstalledExtension, listExtensions } from "./extensions.ts";
import type { Loss } from "../../report.ts";
import { type LossContext, listLosses } from "../losses/losses.ts";
import type { ProviderProfile } from "../providers/profile.ts";
import { once } from "./once.ts";
import { type Relation, listRelations } from "./relations.ts";
import { type Scope, readScope } from "./scope.ts";
import { type ServerFacts, readServerFacts } from "./server.ts";
import { type Setting, type StoredSetting, listSettings, listStoredSettings } from "./settings.ts";

/** The source's catalog, read at most once per question. */
export class SourceCatalog {
  readonly server: () => Promise<ServerFacts>;
  readonly scope: () => Promise<Scope>;
  readonly relations: () => Promise<Relation[]>;
  readonly extensions: () => Promise<InstalledExtension[]>;
  readonly settings: () => Promise<Setting[]>;
  readonly storedSettings: () => Promise<StoredSetting[]>;
  readonly losses: () => Promise<Loss[]>;

  /** @param excludedSchemas what the inputs leave behind, besides the provider's own */
  constructor(session: Session, profile: ProviderProfile, excludedSchemas: readonly string[]) {
    const patterns = [...profile.leaveOut.schemas, ...excludedSchemas];
    this.server = once(() => readServerFacts(session));
    this.scope = once(() => readScope(session, patterns));
    this.relations = once(async () => await listRelations(session, await this.scope()));
    this.extensions = once(async () => await listExtensions(session, (await this.scope()).leftOut));
    this.settings = once(() => listSettings(session));
    this.storedSettings = once(() => listStoredSettings(session));
    this.losses = once(async () => await listLosses(await this.#lossContext(session, profile)));
  }

  async #lossContext(session: Session, profile: ProviderProfile): Promise<LossContext> {
    return {
      session,
      user: (await this.server()).user,
      schemaOids: (await this.scope()).oids,
      providerRoles: profile.ownRoles,
      providerEventTriggers: profile.leaveOut.eventTriggers,
      settings: await this.settings(),
      storedSettings: await this.storedSettings(),
    };
  }
}

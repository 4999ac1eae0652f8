import type { Session } from "../../postgres/session.ts";
import { type InstalledExtension, listExtensions } from "./extensions.ts";
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

  /** @param leftOutSchemas names or patterns of schemas that do not cross */
  constructor(session: Session, leftOutSchemas: readonly string[]) {
    this.server = once(() => readServerFacts(session));
    this.scope = once(() => readScope(session, leftOutSchemas));
    this.relations = once(async () => await listRelations(session, await this.scope()));
    this.extensions = once(async () => await listExtensions(session, (await this.scope()).leftOut));
    this.settings = once(() => listSettings(session));
    this.storedSettings = once(() => listStoredSettings(session));
  }
}

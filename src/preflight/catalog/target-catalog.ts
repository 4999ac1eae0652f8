import type { Session } from "../../postgres/session.ts";
import { type AvailableExtension, listAvailableExtensions } from "./extensions.ts";
import { once } from "./once.ts";
import { type Relation, listRelations } from "./relations.ts";
import { readScope } from "./scope.ts";
import { type ServerFacts, readServerFacts } from "./server.ts";
import { type Setting, listSettings } from "./settings.ts";

/** The target's catalog, read at most once per question. */
export class TargetCatalog {
  readonly server: () => Promise<ServerFacts>;
  readonly relations: () => Promise<Relation[]>;
  readonly extensions: () => Promise<AvailableExtension[]>;
  readonly settings: () => Promise<Setting[]>;

  constructor(session: Session) {
    this.server = once(() => readServerFacts(session));
    this.relations = once(async () => await listRelations(session, await readScope(session, herokuSchemas)));
    this.extensions = once(async () => {
      const { isSuperuser } = await this.server();
      return await listAvailableExtensions(session, isSuperuser);
    });
    this.settings = once(() => listSettings(session));
  }
}

/** Heroku's own schemas in a customer's database. */
const herokuSchemas = ["heroku_ext", "_heroku"];

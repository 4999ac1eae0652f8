import type { RedactedCsv } from "../report/settings-csv.ts";
import type {
  ConfigVarMention,
  ConnectionRow,
  ExtensionRow,
  KnownIdentifiers,
  Loss,
  SettingDifference,
} from "../report.ts";
import type { Check } from "./check.ts";
import { listConnections, mergeConnections } from "./connections.ts";
import { judgeExtensions } from "./extension-rows.ts";
import type { Gate } from "./gate.ts";
import { compareSettings } from "./settings-diff.ts";
import type { OpenedSource } from "./source.ts";

/** What the gate leaves for people: absent where its side was not there. */
export interface Evidence {
  settingsCsv?: RedactedCsv;
  settingsDiff?: SettingDifference[];
  extensions?: ExtensionRow[];
  connections?: ConnectionRow[];
  configVars?: ConfigVarMention[];
  losses?: Loss[];
  identifiers?: KnownIdentifiers;
}

/** Fills `evidence`; last in the list, so that the connections have been watched over the whole run. */
export function evidenceCheck(opened: OpenedSource | undefined, evidence: Evidence): Check {
  return {
    id: "evidence",
    title: "The evidence could be collected",
    area: "source",
    needs: [],
    async run(gate) {
      if (gate.has("heroku")) evidence.configVars = gate.heroku.configVars;
      if (opened !== undefined) await collect(gate, opened, evidence);
      return [];
    },
  };
}

async function collect(gate: Gate, opened: OpenedSource, evidence: Evidence): Promise<void> {
  const { session, catalog } = opened;
  if (opened.settingsCsv instanceof Error) throw opened.settingsCsv;
  evidence.settingsCsv = opened.settingsCsv;
  evidence.extensions = (await judgeExtensions(gate)).map(({ row }) => row);
  const last = await listConnections(session);
  evidence.connections = mergeConnections([...opened.connections, last]);
  evidence.losses = await catalog.losses();
  evidence.identifiers = await readIdentifiers(gate);
  if (gate.has("target")) {
    evidence.settingsDiff = compareSettings(await catalog.settings(), await gate.target.catalog.settings());
  }
}

const rolesQuery = `select rolname::text as name from pg_roles where rolname !~ '^pg_' order by 1`;

/** Names that a public report replaces. */
async function readIdentifiers(gate: Gate): Promise<KnownIdentifiers> {
  const { session } = gate.source;
  const roles = (await session.rows<{ name: string }>(rolesQuery)).map(({ name }) => name);
  const hosts = [session.url.host];
  if (gate.targetUrl !== undefined) {
    hosts.push(gate.targetUrl.host);
    roles.push(gate.targetUrl.user);
  }
  return { hosts: [...new Set(hosts)], roles: [...new Set(roles)] };
}

import { quoteIdentifier, quoteLiteral } from "../../postgres/session.ts";
import type { Loss } from "../../report.ts";
import { isSecretSetting } from "../../report/settings-csv.ts";
import { matchesAny } from "../pattern.ts";
import type { StoredSetting } from "../catalog/settings.ts";
import type { LossContext } from "./losses.ts";

/** Kept as lists of names: quoting the whole would make one name of them. */
const listSettings = new Set([
  "search_path",
  "temp_tablespaces",
  "session_preload_libraries",
  "local_preload_libraries",
]);

export function storedSettingLosses({ storedSettings, settings, user, providerRoles }: LossContext): Loss[] {
  const contexts = new Map(settings.map(({ name, context }) => [name.toLowerCase(), context]));
  return storedSettings
    .filter(({ role }) => role === null || !matchesAny(role, providerRoles))
    .filter((setting) => setting.database !== null || setting.role !== null)
    .map((setting) => {
      const isSettable = (contexts.get(setting.name.toLowerCase()) ?? "user") === "user";
      return settingLoss(setting, isSettable, user);
    });
}

function settingLoss(setting: StoredSetting, isSettable: boolean, user: string): Loss {
  const { role, database, name } = setting;
  const value = isSecretSetting(name, setting.value) ? "***" : setting.value;
  const kind = role === null ? "database-setting" : "role-setting";
  const who = [role === null ? "" : `role ${role}`, database === null ? "" : `database ${database}`].filter(Boolean);
  const description = `${who.join(" in ")}: ${name} = ${value}`;
  const assigned = `set ${settingName(name)} = ${listSettings.has(name) && value !== "" ? value : quoteLiteral(value)}`;
  const original = originalStatement(setting, assigned);
  if (value === "***" || !isSettable) return { kind, description, original };
  if (role === null) return { kind, description, original, sql: forThisDatabase(assigned) };
  return role === user
    ? { kind, description, original, sql: `alter role current_user ${assigned};` }
    : { kind, description, original };
}

function settingName(name: string): string {
  return name.split(".").map(quoteIdentifier).join(".");
}

/** The database has another name on Heroku. */
function forThisDatabase(assigned: string): string {
  return `do $block$ begin execute format(${quoteLiteral(`alter database %I ${assigned.replaceAll("%", "%%")}`)}, current_database()); end $block$;`;
}

function originalStatement({ role, database }: StoredSetting, assigned: string): string {
  if (role === null) return `alter database ${quoteIdentifier(database ?? "")} ${assigned}`;
  const place = database === null ? "" : ` in database ${quoteIdentifier(database)}`;
  return `alter role ${quoteIdentifier(role)}${place} ${assigned}`;
}

import { quoteIdentifier, quoteLiteral } from "../../postgres/session.ts";
import type { SettingDifference } from "../../report.ts";
import type { Check } from "../check.ts";
import { findingAbout } from "../check.ts";
import { compareSettings } from "../settings-diff.ts";
import { plural } from "../../format.ts";

/** Server-wide settings that only the target's side decides are in the file alone: nobody can act on them. */
export const settingsAgree: Check = {
  id: "settings",
  title: "Settings that change behaviour are the same",
  area: "target",
  needs: ["source", "target"],
  async run(gate) {
    const differences = compareSettings(await gate.source.catalog.settings(), await gate.target.catalog.settings());
    const changing = differences.filter(({ verdict }) => verdict === "changes-behaviour");
    const { database } = await gate.target.catalog.server();
    return findingAbout("SETTINGS_CHANGE_BEHAVIOUR", changing.map(sentence), (count) => ({
      message: `${plural(count, "setting")} that ${count === 1 ? "changes" : "change"} behaviour ${count === 1 ? "differs" : "differ"}; settings-diff.csv has them all.`,
      sql: changing.map((difference) => settingSql(difference, database)).join("\n"),
    }));
  },
};

function sentence({ name, source, target, note }: SettingDifference): string {
  return `${name}: ${source} at the source, ${target} on the target (${note})`;
}

/** search_path is a list of names, quoted already where they need it; everything else is one literal. */
function settingSql({ name, source }: SettingDifference, database: string): string {
  const value = source ?? "";
  const isPath = name === "search_path" && value !== "";
  const assigned = isPath ? value : quoteLiteral(value.replace(/^(\d+) ms$/u, "$1ms"));
  return `alter database ${quoteIdentifier(database)} set ${settingName(name)} = ${assigned};`;
}

function settingName(name: string): string {
  return name.split(".").map(quoteIdentifier).join(".");
}

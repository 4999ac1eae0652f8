import type { Check, CheckAnswer } from "../check.ts";
import { finding } from "../check.ts";
import type { Gate } from "../gate.ts";
import { MigrationError } from "../../errors.ts";

export const oldestTestedMajor = 14;
/** Heroku keeps the newest three majors; these in September 2026. A newer one is nothing to warn of. */
export const oldestOfferedMajor = 16;

export const majorsFit: Check = {
  id: "major-versions",
  title: "The target's major version can hold the source",
  area: "source",
  needs: ["source", "target-version"],
  async run(gate): Promise<CheckAnswer> {
    const source = (await gate.source.catalog.server()).majorVersion;
    const target = await readTargetMajor(gate);
    if (source > target) {
      const message = `The source is PostgreSQL ${source}, the target ${target}.`;
      const remedy = `Create a target of major ${source} or newer: heroku addons:create heroku-postgresql:PLAN --version ${source} --app ${gate.inputs.heroku.app}`;
      return [finding("SOURCE_NEWER_THAN_TARGET", { message, remedy })];
    }
    const findings = [];
    if (source < oldestTestedMajor) {
      findings.push(finding("SOURCE_MAJOR_UNTESTED", { message: `The source is PostgreSQL ${source}.` }));
    }
    if (source < target) findings.push(majorChanges(source, target));
    if (target < oldestOfferedMajor) {
      findings.push(finding("TARGET_MAJOR_RETIRING", { message: `The target is PostgreSQL ${target}.` }));
    }
    return { findings, note: `PostgreSQL ${source} to ${target}` };
  },
};

function majorChanges(source: number, target: number): ReturnType<typeof finding> {
  const crossed = Object.keys(notableChanges).filter((major) => Number(major) > source && Number(major) <= target);
  return finding("MAJOR_VERSION_CHANGES", {
    message: `From PostgreSQL ${source} to ${target}.`,
    objects: crossed.map((major) => `${major}: ${notableChanges[major]}`),
  });
}

/** From the section "Migration to Version" of each major's release notes: what an application is likely to meet. */
const notableChanges: Readonly<Record<string, string>> = {
  14: "array functions take anycompatiblearray; EXTRACT returns numeric; factorial operators are gone",
  15: "only the database's owner may create in schema public by default",
  16: "inheritance of role membership is set per grant",
  17: "maintenance commands run with a safe search_path: functions in indexes and materialized views need their own",
  18: "generated columns are virtual by default; md5 passwords are deprecated; full-text search follows the database's collation provider",
};

/** By SQL where the target can be reached, else by Heroku's word. */
export async function readTargetMajor(gate: Gate): Promise<number> {
  if (gate.has("target")) return (await gate.target.catalog.server()).majorVersion;
  const told = gate.has("heroku") ? gate.heroku.info.postgresVersion : undefined;
  const major = Number.parseInt(told ?? "", 10);
  if (Number.isInteger(major)) return major;
  throw new MigrationError(
    "The target's version is unknown: it cannot be reached by SQL and Heroku does not tell it.",
    {
      hint: "Run the gate again once heroku pg:info shows the PG version.",
    },
  );
}

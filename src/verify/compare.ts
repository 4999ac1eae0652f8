import type { VerificationRecord } from "../report.ts";
import { type Comparison, type CompareOptions, Findings } from "./compare-model.ts";
import { compareObjects } from "./compare-objects.ts";
import { compareLargeObjects, compareSequences } from "./compare-sequences.ts";
import { compareTables } from "./compare-tables.ts";
import type { Fingerprint } from "./fingerprint-model.ts";
import { LeftOut } from "./left-out.ts";

/**
 * Compares two fingerprints. `mismatch` when anything differs; else `could-not-complete` when anything could not be read,
 * because what was not read is not verified; else `match`. Expected differences are listed with their reasons.
 */
export function compareFingerprints(
  source: Fingerprint,
  target: Fingerprint,
  options: CompareOptions = {},
): Comparison {
  const findings = new Findings();
  const leftOut = new LeftOut(options);
  addUnreadClasses(source, target, findings);
  const objectsCompared = compareObjects({ source, target }, leftOut, findings);
  compareSequences(source, target, options, leftOut, findings);
  compareLargeObjects(source.largeObjects, target.largeObjects, findings);
  const compared = compareTables({ source, target }, leftOut, findings);
  addLeftBehind(source, target, findings);
  for (const { what, reason, count } of options.alsoKnown ?? []) findings.addKnown(what, reason, count);
  const done = compared.tables.filter(({ verdict }) => verdict !== "not-compared");
  const record: VerificationRecord = {
    kind: source.kind,
    outcome: outcomeOf(findings),
    live: options.live ?? !source.inDumpSnapshot,
    seconds: source.seconds + target.seconds,
    tablesCompared: source.kind === "schema" ? compared.tables.length : done.length,
    rowsCompared: done.reduce((sum, { sourceRows }) => sum + (sourceRows ?? 0), 0),
    objectsCompared,
    differences: findings.differences,
    known: findings.known,
    unread: findings.unread,
  };
  return { record, ...compared };
}

function outcomeOf({ differences, unread }: Findings): VerificationRecord["outcome"] {
  if (differences.length > 0) return "mismatch";
  return unread.length > 0 ? "could-not-complete" : "match";
}

function addUnreadClasses(source: Fingerprint, target: Fingerprint, findings: Findings): void {
  for (const [side, fingerprint] of [
    ["source", source],
    ["target", target],
  ] as const) {
    for (const { object, reason } of fingerprint.unreadClasses)
      findings.unread.push({ object, name: `every ${object.toLowerCase()} of the ${side}`, reason });
  }
}

/** What `pg_restore --no-owner --no-privileges` into one database leaves behind on purpose; the losses list it with its SQL. */
function addLeftBehind({ left, collation }: Fingerprint, target: Fingerprint, findings: Findings): void {
  findings.addKnown("owners", "everything on the target belongs to Heroku's one role", left.owners);
  findings.addKnown("objects with grants", "Heroku restores without privileges", left.grants);
  findings.addKnown("default privileges", "Heroku restores without privileges", left.defaultPrivileges);
  findings.addKnown(
    "settings of the database and of roles in it",
    "they belong to the database, not to its content",
    left.settings,
  );
  findings.addKnown("unlogged tables", "a standby does not have their rows, and the dump neither", left.unloggedTables);
  if (collation !== target.collation)
    findings.addKnown(
      "the database's collation",
      `"${collation}" on the source, "${target.collation}" on the target: text may sort differently`,
    );
}

import { promoteDatabase } from "../heroku/databases.ts";
import type { Journal } from "../journal.ts";
import type { Parties } from "../parties.ts";
import type { StageRecord } from "../report.ts";
import type { Run } from "../run.ts";

/** Promotes if asked and verified, deletes the archive unless kept, and closes the journal. */
export async function finishMigration(
  run: Run,
  parties: Parties,
  journal: Journal,
  record: StageRecord,
): Promise<void> {
  const { report, inputs } = run;
  const done: string[] = [];
  if (inputs.heroku.promote && report.verdict === "migrated") {
    const { changed, oldName } = await promoteDatabase(parties.heroku, parties.database, { signal: run.signal });
    done.push(
      changed
        ? `promoted to DATABASE_URL${oldName === undefined ? "" : `; the old database is ${oldName}`}`
        : "it is DATABASE_URL already",
    );
  }
  if (!inputs.bucket.keepArchive && report.verdict === "migrated" && report.dump !== undefined) {
    await parties.bucket.deleteObject(report.dump.archiveKey, { signal: run.signal });
    done.push("archive deleted");
  }
  await journal.write({ completedAt: new Date().toISOString() });
  record.summary = done.join(", ") || "archive kept";
}

/** What is left for the people to do, most urgent first. */
export function nextStepsAfter({ report, inputs }: Run): string[] {
  const { app, promote } = inputs.heroku;
  const steps: string[] = [];
  if (report.verdict === "mismatch")
    steps.push("Do not use the target: read verification.json, and bring the old content back if there was any.");
  if (report.verdict === "unverified")
    steps.push("The data could not be compared: verify it yourself before you rely on it.");
  if (report.verdict === "migrated" && !promote)
    steps.push(
      `Make it the app's database when you are ready: heroku pg:promote ${report.target?.addonName ?? "<database>"} --app ${app}`,
    );
  if ((report.connections?.length ?? 0) > 0 || (report.configVars?.length ?? 0) > 0)
    steps.push("Re-point the applications and config vars of connections.csv.");
  if ((report.losses?.length ?? 0) > 0)
    steps.push("Run losses.sql on the target for what does not cross by itself: grants, settings, jobs.");
  return [...steps, ...report.nextSteps];
}

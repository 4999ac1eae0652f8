import { claimTarget } from "./claim.ts";
import { describeDump } from "./dump/dump.ts";
import { type GateDocument, passGate, recheckGate } from "./gate.ts";
import { Journal } from "./journal.ts";
import { type Parties, openHeroku, openParties } from "./parties.ts";
import { withSnapshot } from "./postgres/snapshot.ts";
import { describeProof } from "./proof/proof.ts";
import { quietApp, wakeApp } from "./quiesce.ts";
import { describeRestore } from "./restore.ts";
import { type Run, stage } from "./run.ts";
import { makeOrReuseArchive, proveOnce } from "./steps/archive.ts";
import { finishMigration, nextStepsAfter } from "./steps/finish.ts";
import { freezeIfAsked, liftFreeze } from "./steps/freeze.ts";
import { restoreOrAdopt, secureOnce } from "./steps/restore.ts";
import { openSourceSide } from "./steps/source-side.ts";
import { compareLive, compareWithTarget, readSourceFingerprint } from "./steps/verify.ts";

/** `command: preflight`: the gate alone. */
export async function passGateAlone(run: Run): Promise<void> {
  await stage(run, "preflight", async (record) => {
    await passGate(run);
    record.summary = run.report.headline;
  });
}

/** `command: migrate`: the whole story. Nothing on Heroku is overwritten before the archive is proved. */
export async function migrate(run: Run): Promise<void> {
  const parties = await openParties(run);
  await using _claim = await claimTarget(run, parties);
  const gate = await stage(run, "preflight", async (record) => {
    const document = await recheckGate(run, parties);
    record.summary = `the gate of ${document.record.finishedAt} holds`;
    return document;
  });
  try {
    await stage(run, "quiesce", async (record) => {
      record.summary =
        [...(await quietApp(run, parties.heroku)), ...(await freezeIfAsked(run))].join(", ") || "nothing to do";
    });
    await moveData(run, parties, gate);
  } finally {
    await putBack(run);
  }
  run.report.nextSteps = nextStepsAfter(run);
}

async function moveData(run: Run, parties: Parties, gate: GateDocument): Promise<void> {
  const side = await openSourceSide(run, gate);
  const journal = await Journal.open(run, parties, side.fingerprint);
  await withSnapshot(run.inputs.source, side.snapshotOptions, async (snapshot) => {
    const request = { run, parties, gate, journal, snapshot, side };
    const archive = await stage(run, "dump", async (record) => {
      const made = await makeOrReuseArchive(request);
      record.summary =
        made.reusedFrom === undefined
          ? describeDump(made.record)
          : `nothing was written since run ${made.reusedFrom}: its proven archive is used`;
      return made;
    });
    const url = await stage(run, "proof", async (record) => {
      const { url: archiveUrl, proof } = await proveOnce({ ...request, archive });
      record.summary =
        proof === undefined ? "proved by the earlier run, and of the same length still" : describeProof(proof);
      return archiveUrl;
    });
    const wayBack = await stage(run, "safety-backup", (record) => secureOnce({ ...request, record }));
    const fingerprint = await stage(run, "restore", async (record) => {
      // The source is read in the dump's own snapshot while Heroku restores, so that it costs no window.
      const reading = readSourceFingerprint({ ...request, archive });
      reading.catch(() => undefined);
      const restored = await restoreOrAdopt({ ...request, archive, url, wayBack });
      record.summary = describeRestore(restored, archive.record.archiveBytes);
      return await reading;
    });
    await stage(run, "verify", (record) => compareWithTarget({ ...request, archive, fingerprint, record }));
    await stage(run, "finish", (record) => finishMigration(run, parties, journal, record));
  });
}

/** App and source go back as they were, however the run ends; what cannot be undone now is left to `cleanup`. */
async function putBack(run: Run): Promise<void> {
  if (run.signal.aborted) return;
  const done = [...(await wakeApp(run, openHeroku(run))), ...(await liftFreeze(run))];
  for (const sentence of done) run.log.info(sentence);
}

/** `command: verify`: compares both live sides again. */
export async function verifyAlone(run: Run): Promise<void> {
  const parties = await openParties(run);
  await stage(run, "verify", (record) => compareLive(run, parties, record));
}

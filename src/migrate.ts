import { type Claim, claimTarget } from "./claim.ts";
import { describeDump } from "./dump/dump.ts";
import { recheckGate } from "./gate-recheck.ts";
import { type GateDocument, passGate } from "./gate.ts";
import { Journal } from "./journal.ts";
import { type Parties, openParties, refuseForeignApp } from "./parties.ts";
import { withSnapshot } from "./postgres/snapshot.ts";
import { describeProof } from "./proof/proof.ts";
import { quietApp } from "./quiesce.ts";
import { describeRestore } from "./restore.ts";
import { type Run, stage } from "./run.ts";
import type { Before } from "./state.ts";
import { makeOrReuseArchive, proveOnce } from "./steps/archive.ts";
import { finishMigration, nextStepsAfter } from "./steps/finish.ts";
import { recallBefore, rememberBefore } from "./steps/before.ts";
import { freezeIfAsked } from "./steps/freeze.ts";
import { clearAway } from "./steps/leftovers.ts";
import { putBack } from "./steps/put-back.ts";
import { restoreOrAdopt, secureOnce } from "./steps/restore.ts";
import { besides } from "./workers.ts";
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
  await using parties = await openParties(run);
  refuseForeignApp(run, parties);
  await using claim = await claimTarget(run, parties);
  const journal = await Journal.open(run, parties);
  await recallBefore(run, journal);
  try {
    const gate = await stage(run, "preflight", async (record) => {
      await clearAway(run, parties, journal);
      const document = await recheckGate(run, parties, journal);
      record.summary = `the gate of ${document.record.finishedAt} holds`;
      return document;
    });
    await stage(run, "quiesce", async (record) => {
      run.report.window = { startedAt: record.startedAt };
      const remember = (before: Before): Promise<void> => rememberBefore(run, journal, before);
      const app = await quietApp(run, parties.heroku, remember);
      record.summary = [...app, ...(await freezeIfAsked(run, remember))].join(", ") || "nothing to do";
    });
    await moveData(run, parties, gate, { journal, claim });
  } finally {
    await putBack(run, journal);
    closeWindow(run);
  }
  await run.state.clear("applicationName");
  run.report.nextSteps = nextStepsAfter(run);
}

function closeWindow({ report }: Run): void {
  if (report.window !== undefined) report.window.finishedAt = new Date().toISOString();
}

interface Held {
  journal: Journal;
  claim: Claim;
}

async function moveData(run: Run, parties: Parties, gate: GateDocument, { journal, claim }: Held): Promise<void> {
  using beginning = new DisposableStack();
  beginning.use(run.watchdog?.watch("dump"));
  const side = await openSourceSide(run, gate);
  await withSnapshot(run.inputs.source, side.snapshotOptions, async (snapshot) => {
    beginning.dispose();
    const request = { run, parties, gate, journal, claim, snapshot, side };
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
    const wayBack = await stage(run, "safety-backup", (record) => secureOnce({ ...request, archive, record }));
    const fingerprint = await stage(run, "restore", async (record) => {
      // The source is read in the dump's own snapshot while Heroku restores, so that it costs no window.
      await using reading = besides(run.signal, (signal) => readSourceFingerprint({ ...request, archive, signal }));
      const restored = await restoreOrAdopt({ ...request, archive, url, wayBack });
      record.summary = describeRestore(restored, archive.record.archiveBytes);
      return await reading.result;
    });
    await stage(run, "verify", (record) => compareWithTarget({ ...request, archive, fingerprint, record }));
    await stage(run, "finish", (record) => finishMigration(run, parties, journal, record));
  });
}

/** `command: verify`: compares both live sides again. */
export async function verifyAlone(run: Run): Promise<void> {
  await using parties = await openParties(run);
  await stage(run, "verify", (record) => compareLive(run, parties, record));
}

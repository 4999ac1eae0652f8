import { describeError } from "../errors.ts";
import { formatBytes, formatCount } from "../format.ts";
import type { DatabaseUrl } from "../postgres/database-url.ts";
import { type SessionOptions, withSession } from "../postgres/session.ts";
import type { VerificationRecord } from "../report.ts";
import type { FingerprintKind } from "./fingerprint-model.ts";

/** What Heroku's API says of a database that cannot be asked itself. */
export interface TargetApiFacts {
  tables: number | null;
  bytes: number | null;
}

/** Not verified is not a match: the record says what is known without having read a row. */
export function unreachableRecord(kind: FingerprintKind, reason: string, api?: TargetApiFacts): VerificationRecord {
  const facts = [
    api?.tables === undefined || api.tables === null ? "" : `${formatCount(api.tables)} tables`,
    api?.bytes === undefined || api.bytes === null ? "" : formatBytes(api.bytes),
  ].filter((fact) => fact !== "");
  const said = facts.length === 0 ? "" : ` Heroku's API reports ${facts.join(" and ")}.`;
  const note = `No row of the target was verified: ${reason}.${said} The archive's proof and the restore's own outcome are what is known.`;
  return { ...unreadRecord(kind, "target", reason), live: false, note };
}

/** Nothing was compared, because one side could not be read. */
export function unreadRecord(kind: FingerprintKind, side: "source" | "target", reason: string): VerificationRecord {
  return {
    kind,
    outcome: "could-not-complete",
    live: true,
    seconds: 0,
    tablesCompared: 0,
    rowsCompared: 0,
    objectsCompared: 0,
    differences: [],
    known: [],
    unread: [{ object: "DATABASE", name: side, reason }],
    note: `Nothing was verified: the ${side} could not be read.`,
  };
}

export interface AnalyzeOutcome {
  seconds: number;
  /** Why the target has no statistics, where it has none. */
  problem?: string;
}

/** A restore leaves no statistics, and the first queries would be planned without. Failing is worth a note, nothing more. */
export async function analyzeTarget(url: DatabaseUrl, options: SessionOptions): Promise<AnalyzeOutcome> {
  const startedAt = Date.now();
  const outcome = (): AnalyzeOutcome => ({ seconds: (Date.now() - startedAt) / 1000 });
  try {
    await withSession(url, { side: "target", ...options }, async (session) => {
      const stop = (): void => session.destroy();
      options.signal?.addEventListener("abort", stop, { once: true });
      await session.execute("set statement_timeout = 0");
      await session.execute("analyze");
      options.signal?.removeEventListener("abort", stop);
    });
    return outcome();
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ...outcome(), problem: describeError(error) };
  }
}

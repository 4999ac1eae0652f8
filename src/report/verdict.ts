import type { Verdict } from "../report.ts";

export type Tone = "good" | "attention" | "bad";

interface VerdictWords {
  tone: Tone;
  mark: string;
  words: string;
}

/** What a verdict is called where people read it. */
export const verdictWords: Readonly<Record<Verdict, VerdictWords>> = {
  passed: { tone: "good", mark: "✅", words: "Ready to migrate" },
  warnings: { tone: "attention", mark: "⚠️", words: "Ready to migrate, with warnings" },
  blocked: { tone: "bad", mark: "⛔", words: "Blocked" },
  migrated: { tone: "good", mark: "✅", words: "Migrated" },
  verified: { tone: "good", mark: "✅", words: "Verified" },
  mismatch: { tone: "bad", mark: "❌", words: "Source and target differ" },
  unverified: { tone: "attention", mark: "⚠️", words: "Restored, but not verified" },
  failed: { tone: "bad", mark: "❌", words: "Failed" },
  interrupted: { tone: "attention", mark: "⏹️", words: "Interrupted" },
};

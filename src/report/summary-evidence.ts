import { formatBytes, formatCount, formatSeconds, plural } from "../format.ts";
import type { Difference, DriftRecord, ExtensionRow, Report, RestoreRecord, VerificationRecord } from "../report.ts";
import { code, link, prose, table } from "./markdown.ts";
import type { Section } from "./summary-section.ts";

const shownRows = 60;
const shownDifferences = 25;

/** The extensions that are not simply the same on both sides. */
export function extensionsSection(extensions: readonly ExtensionRow[]): Section {
  if (extensions.length === 0) return { blocks: [] };
  const differing = extensions.filter((row) => row.action !== "keep" || row.sourceVersion !== row.targetVersion);
  const same = extensions.length - differing.length;
  const sameNote = same === 0 ? [] : [`${plural(same, "extension")} the same on both sides.`];
  if (differing.length === 0) return { blocks: ["## Extensions: no difference", ...sameNote] };
  const rows = differing
    .slice(0, shownRows)
    .map((row) => [
      code(row.name, 80),
      `${version(row.sourceVersion)} → ${version(row.targetVersion)}`,
      `**${actionWords[row.action]}** ${prose(row.note, 300)}`,
    ]);
  const more =
    differing.length > shownRows
      ? [`And ${formatCount(differing.length - shownRows)} more, in \`extensions-diff.md\`.`]
      : [];
  return { blocks: ["## Extensions", table(["extension", "source → Heroku", ""], rows), ...more, ...sameNote] };
}

export const actionWords: Readonly<Record<ExtensionRow["action"], string>> = {
  create: "Created.",
  "leave-out": "Left out.",
  keep: "Kept.",
  blocked: "Blocks.",
};

function version(text: string | null): string {
  return text === null ? "none" : prose(text, 40);
}

export function verificationSection({ verification, restore, drift }: Report): Section {
  const blocks = [
    ...restoreBlocks(restore),
    ...(verification === undefined ? [] : verificationBlocks(verification)),
    ...driftBlocks(drift),
  ];
  return { blocks: blocks.length === 0 ? [] : ["## Restore and verification", ...blocks] };
}

function restoreBlocks(restore: RestoreRecord | undefined): string[] {
  if (restore === undefined) return [];
  const harmful = restore.skipped.filter((problem) => !problem.harmless);
  const outcome = harmful.length === 0 ? "skipped no error that matters" : `skipped ${plural(harmful.length, "error")}`;
  const lines = harmful
    .slice(0, 10)
    .map(({ message, entry }) => `- ${prose(message, 400)}${entry === undefined ? "" : ` (${code(entry)})`}`);
  const more = harmful.length > 10 ? [`And ${formatCount(harmful.length - 10)} more, in \`restore.log\`.`] : [];
  const sentence = `Heroku's restore ${restoreName(restore)} took ${formatSeconds(restore.seconds)} and ${outcome}.`;
  return [sentence, ...(lines.length === 0 ? [] : [lines.join("\n")]), ...more];
}

/** As `heroku pg:backups` lists it. */
export function restoreName({ transferNumber }: RestoreRecord): string {
  return `r${String(transferNumber).padStart(3, "0")}`;
}

const outcomeWords: Readonly<Record<VerificationRecord["outcome"], string>> = {
  match: "✅ **Everything compared is the same.**",
  mismatch: "❌ **Source and target differ.**",
  "could-not-complete": "⚠️ **The comparison could not be completed.**",
};

function verificationBlocks(verification: VerificationRecord): string[] {
  const { outcome, seconds, differences, known, unread = [], note } = verification;
  const amount = `${comparedAmount(verification)} compared in ${formatSeconds(seconds)}.`;
  const basis = verification.live ? " Both sides were read live." : " The source was read in the dump's own snapshot.";
  const expected = known.reduce((sum, { count }) => sum + count, 0);
  return [
    `${outcomeWords[outcome]} ${amount}${basis}`,
    ...(note === undefined ? [] : [prose(note)]),
    ...differenceBlocks(differences),
    ...unreadBlocks(unread),
    ...(expected === 0
      ? []
      : [
          `${plural(expected, "expected difference")} (owners, grants and what was left out) listed in \`report.html\`.`,
        ]),
  ];
}

export function comparedAmount({ tablesCompared, rowsCompared, objectsCompared }: VerificationRecord): string {
  return `${plural(tablesCompared, "table")}, ${plural(rowsCompared, "row")} and ${plural(objectsCompared, "object")}`;
}

function differenceBlocks(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return [];
  const rows = differences
    .slice(0, shownDifferences)
    .map(({ kind, object, name, detail }) => [
      `${prose(object, 60)} ${code(name, 120)}`,
      `**${kind}** ${prose(detail, 400)}`,
    ]);
  const more = differences.length - rows.length;
  const moreNote = more > 0 ? [`And ${formatCount(more)} more, in \`verification.json\`.`] : [];
  return [table(["object", "difference"], rows), ...moreNote];
}

function unreadBlocks(unread: NonNullable<VerificationRecord["unread"]>): string[] {
  if (unread.length === 0) return [];
  const rows = unread
    .slice(0, shownDifferences)
    .map(({ object, name, reason }) => [`${prose(object, 60)} ${code(name, 120)}`, prose(reason, 300)]);
  return [
    `${plural(unread.length, "object")} could not be read, so nothing is said of them:`,
    table(["object", "why"], rows),
  ];
}

function driftBlocks(drift: DriftRecord | undefined): string[] {
  if (drift === undefined) return [];
  const silent =
    drift.unavailable === undefined
      ? []
      : [`Whether the source changed after the snapshot is not known: ${prose(drift.unavailable)}`];
  if (drift.tables.length === 0) return silent;
  const rows = drift.tables
    .slice(0, shownDifferences)
    .map((row) => [code(`${row.schema}.${row.table}`, 120), describeWrites(row)]);
  const sentence = `${plural(drift.tables.length, "table")} of the source changed after the snapshot${drift.accepted ? " (accepted)" : ""}:`;
  return [...silent, sentence, table(["table", "rows added, changed, deleted"], rows)];
}

function describeWrites({ inserted, updated, deleted, rewritten }: DriftRecord["tables"][number]): string {
  const counts = `+${formatCount(inserted)} ~${formatCount(updated)} −${formatCount(deleted)}`;
  return rewritten === true ? `${counts}, rewritten` : counts;
}

export function artifactsSection({ artifacts = [], dump }: Report): Section {
  const rows = artifacts
    .slice(0, shownRows)
    .map(({ file, description, bytes, url, uploaded }) => [
      link(code(file), url),
      `${prose(description, 200)}${uploaded ? "" : " (on the runner only)"}`,
      formatBytes(bytes),
    ]);
  const archive =
    dump === undefined
      ? []
      : [`Archive: ${code(dump.archiveKey)}, ${formatBytes(dump.archiveBytes)}, SHA-256 ${code(dump.archiveSha256)}`];
  if (rows.length === 0 && archive.length === 0) return { blocks: [] };
  return {
    blocks: ["## Where the evidence is", ...(rows.length === 0 ? [] : [table(["file", "", "size"], rows)]), ...archive],
  };
}

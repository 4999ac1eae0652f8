import { formatBytes, formatCount, formatSeconds, plural } from "../format.ts";
import type {
  Difference,
  DriftRecord,
  DumpRecord,
  ExtensionRow,
  Report,
  RestoreRecord,
  VerificationRecord,
} from "../report.ts";
import { code, link, prose, table } from "./markdown.ts";
import type { Section } from "./summary-section.ts";

const shownRows = 60;
const shownDifferences = 25;

/** The extensions that are not simply the same on both sides. */
export function extensionsSection(extensions: readonly ExtensionRow[]): Section {
  if (extensions.length === 0) return { blocks: [] };
  const differing = extensions.filter((row) => row.action !== "keep" || row.sourceVersion !== row.targetVersion);
  const same = extensions.length - differing.length;
  const sameNote = same === 0 ? [] : [`${plural(same, "extension is", "extensions are")} the same on both sides.`];
  if (differing.length === 0) return { blocks: ["## Extensions: no difference", ...sameNote] };
  const lines = differing
    .toSorted((x, y) => actionOrder.indexOf(x.action) - actionOrder.indexOf(y.action))
    .slice(0, shownRows)
    .map(extensionLine);
  const left = differing.length - lines.length;
  const more = left === 0 ? [] : [`And ${formatCount(left)} more, in \`extensions-diff.md\`.`];
  return { blocks: ["## Extensions: source → Heroku", lines.join("\n"), ...more, ...sameNote] };
}

const actionOrder = ["blocked", "leave-out", "create", "keep"] as const;

const actionWords: Readonly<Record<ExtensionRow["action"], string>> = {
  create: "is created",
  "leave-out": "is left out",
  keep: "is kept",
  blocked: "blocks",
};

function extensionLine({ name, action, note, sourceVersion, targetVersion }: ExtensionRow): string {
  const versions = `${version(sourceVersion)} → ${version(targetVersion)}`;
  return `- ${code(name, 80)} **${actionWords[action]}** (${versions}). ${prose(note, 300)}`;
}

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
  const lines = differences
    .slice(0, shownDifferences)
    .map(
      ({ kind, object, name, detail }) =>
        `- ${prose(object, 60)} ${code(name, 120)} **${kind}**: ${prose(detail, 400)}`,
    );
  const left = differences.length - lines.length;
  return [lines.join("\n"), ...(left === 0 ? [] : [`And ${formatCount(left)} more, in \`verification.json\`.`])];
}

function unreadBlocks(unread: NonNullable<VerificationRecord["unread"]>): string[] {
  if (unread.length === 0) return [];
  const lines = unread
    .slice(0, shownDifferences)
    .map(({ object, name, reason }) => `- ${prose(object, 60)} ${code(name, 120)}: ${prose(reason, 300)}`);
  return [`${plural(unread.length, "object")} could not be read, so nothing is said of them:`, lines.join("\n")];
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
  const files = artifacts.slice(0, shownRows).map(({ file, description, bytes, url, uploaded }) => {
    const where = uploaded ? "" : ", on the runner only";
    return `- ${link(code(file), url)} (${formatBytes(bytes)}${where}): ${prose(description, 200)}`;
  });
  const lines = dump === undefined ? files : [...files, archiveLine(dump)];
  return { blocks: lines.length === 0 ? [] : ["## Where the evidence is", lines.join("\n")] };
}

function archiveLine({ archiveKey, archiveBytes, archiveSha256 }: DumpRecord): string {
  return `- The archive (${formatBytes(archiveBytes)}): ${code(archiveKey)} in the bucket, SHA-256 ${code(archiveSha256)}`;
}

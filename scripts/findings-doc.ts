// Writes docs/findings.md from the codes and the checks. `--check` only compares.
import { readFile, writeFile } from "node:fs/promises";
import { couldNotCheckCode } from "../src/preflight/check.ts";
import { checks } from "../src/preflight/checks.ts";
import { bucketCodes } from "../src/preflight/codes/bucket.ts";
import { connectionCodes } from "../src/preflight/codes/connection.ts";
import type { CodeDefinition, CodeDefinitions } from "../src/preflight/codes/definition.ts";
import { herokuCodes } from "../src/preflight/codes/heroku.ts";
import { laterCodes } from "../src/preflight/codes/later.ts";
import { lossCodes } from "../src/preflight/codes/losses.ts";
import { objectCodes } from "../src/preflight/codes/objects.ts";
import { planCodes } from "../src/preflight/codes/plan.ts";
import { privilegeCodes } from "../src/preflight/codes/privileges.ts";
import { stateCodes } from "../src/preflight/codes/state.ts";

export const findingsFile = new URL("../docs/findings.md", import.meta.url);

const groups: readonly [string, CodeDefinitions][] = [
  ["Connection and version", connectionCodes],
  ["Rights", privilegeCodes],
  ["Objects and data", objectCodes],
  ["State and settings", stateCodes],
  ["What stays behind", lossCodes],
  ["Size, time and runner", planCodes],
  ["Heroku and the target", herokuCodes],
  ["Bucket", bucketCodes],
  ["During the migration", laterCodes],
];

const preface = `# Findings

Every problem that the gate can report, by its code. This page is generated from the code (\`scripts/findings-doc.ts\`).

A finding is a **warning**, or it **blocks**: then the migrate job does not start. A question that could not be answered blocks as
well. \`accept: CODE\` turns one named finding into a warning, once you have read it; codes marked *cannot be accepted* stand for what
would certainly fail or do damage. Where statements mend the problem, the finding carries them.
`;

/** The page, from the same definitions that the checks use. */
export function renderFindings(): string {
  const sections = groups.map(([title, codes]) => {
    const entries = Object.entries(codes).map(([code, definition]) => renderCode(code, definition));
    return [`## ${title}`, ...entries].join("\n\n");
  });
  return `${[preface.trim(), renderIndex(), ...sections, renderUnanswered()].join("\n\n")}\n`;
}

function renderIndex(): string {
  const all = groups.flatMap(([, codes]) => Object.entries(codes));
  const rows = all.map(
    ([code, { severity, title }]) => `| [${code}](#${code.toLowerCase()}) | ${severity} | ${escape(title)} |`,
  );
  return ["| code | severity | what was found |", "| --- | --- | --- |", ...rows].join("\n");
}

function renderCode(code: string, { title, severity, why, source, remedy, acceptable }: CodeDefinition): string {
  const lasting = acceptable === false ? ", cannot be accepted" : "";
  return [
    `### ${code}`,
    `**${escape(title)}** (${severity}${lasting}).`,
    `${escape(why)} *Known from:* ${escape(source)}.`,
    `*What to do:* ${escape(remedy)}`,
  ].join("\n\n");
}

function renderUnanswered(): string {
  const rows = checks.map((check) => `| ${couldNotCheckCode(check)} | ${check.area} | ${escape(check.title)} |`);
  return [
    "## Questions without an answer",
    "Each check has a code of its own for the case that its question could not be answered: a query failed, took longer than its time, or a fact was missing. It blocks until it is answered or accepted by this very code.",
    ["| code | area | what could not be found out |", "| --- | --- | --- |", ...rows].join("\n"),
  ].join("\n\n");
}

/** Angle brackets would turn into HTML, stars into emphasis, bars into columns. */
function escape(text: string): string {
  return text.replaceAll(/[<>|*]/gu, String.raw`\$&`);
}

async function main(): Promise<void> {
  const page = renderFindings();
  if (!process.argv.includes("--check")) return await writeFile(findingsFile, page);
  if ((await readFile(findingsFile, "utf8")) === page) return;
  console.error("docs/findings.md is not what the code says: run node scripts/findings-doc.ts");
  process.exitCode = 1;
}

if (import.meta.main) await main();

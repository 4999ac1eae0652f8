// Fills the generated parts of action.yml, runtime/action.yml and the README from the code. `--check` only compares.
import { readFile, writeFile } from "node:fs/promises";
import { parse } from "yaml";
import { type InputDefinition, inputDefinitions } from "../src/inputs/definitions.ts";

interface Part {
  file: string;
  begin: RegExp;
  end: string;
  render: () => Promise<string> | string;
}

const groupTitles = {
  run: "What to do",
  source: "Source",
  heroku: "Heroku",
  bucket: "Bucket",
  work: "How",
  output: "Evidence",
  tests: "For tests",
} as const;

function renderActionInputs(): string {
  return inputDefinitions.map(renderActionInput).join("\n");
}

function renderActionInput(input: InputDefinition): string {
  const lines = [`  ${input.name}:`, `    description: ${quoteYaml(descriptionOf(input))}`, "    required: false"];
  if (input.default !== undefined) lines.push(`    default: ${quoteYaml(input.default)}`);
  return lines.join("\n");
}

/** Required-ness depends on the command, so the action itself reports what is missing, all at once. */
function descriptionOf(input: InputDefinition): string {
  const needed = input.requiredFor === undefined ? "" : ` Needed for ${input.requiredFor.join(", ")}.`;
  const values = input.values === undefined ? "" : ` One of ${input.values.join(", ")}.`;
  return `${input.description}${values}${needed}`;
}

function quoteYaml(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function renderInputsTable(): string {
  const groups = Object.entries(groupTitles).map(([group, title]) => {
    const rows = inputDefinitions.filter((input) => input.group === group).map(renderRow);
    return `**${title}**\n\n| input | default | what it is |\n| --- | --- | --- |\n${rows.join("\n")}`;
  });
  return groups.join("\n\n");
}

function renderRow(input: InputDefinition): string {
  const marks = [
    input.secret === true ? "secret" : "",
    input.requiredFor === undefined ? "" : `needed for ${input.requiredFor.join(", ")}`,
  ].filter(Boolean);
  const name = `\`${input.name}\`${marks.length === 0 ? "" : `<br>${marks.join("; ")}`}`;
  const values = input.values === undefined ? "" : ` One of ${input.values.map((value) => `\`${value}\``).join(", ")}.`;
  return `| ${name} | ${input.default === undefined ? "" : `\`${input.default}\``} | ${input.description}${values} |`;
}

async function renderOutputsTable(): Promise<string> {
  const action = parse(await readFile("action.yml", "utf8")) as { outputs: Record<string, { description: string }> };
  const rows = Object.entries(action.outputs).map(([name, output]) => `| \`${name}\` | ${output.description} |`);
  return `| output | what it is |\n| --- | --- |\n${rows.join("\n")}`;
}

/** Headings two levels down, so that they do not become the README's own. */
async function renderSample(): Promise<string> {
  const summary = await readFile("docs/samples/success/summary.md", "utf8");
  return `\n${summary.replaceAll(/^(#+) /gmu, "##$1 ").trim()}\n`;
}

const yamlInputs = { begin: /^# inputs: begin.*$/mu, end: "# inputs: end", render: renderActionInputs };
const parts: Part[] = [
  { file: "action.yml", ...yamlInputs },
  { file: "runtime/action.yml", ...yamlInputs },
  {
    file: "README.md",
    begin: /^<!-- inputs: begin.*-->$/mu,
    end: "<!-- inputs: end -->",
    render: () => `\n${renderInputsTable()}\n`,
  },
  {
    file: "README.md",
    begin: /^<!-- outputs: begin.*-->$/mu,
    end: "<!-- outputs: end -->",
    render: async () => `\n${await renderOutputsTable()}\n`,
  },
  { file: "README.md", begin: /^<!-- sample: begin.*-->$/mu, end: "<!-- sample: end -->", render: renderSample },
];

async function fill(part: Part): Promise<boolean> {
  const text = await readFile(part.file, "utf8");
  const begin = part.begin.exec(text);
  const endAt = text.indexOf(part.end);
  if (begin === null || endAt < 0) throw new Error(`${part.file} has no place marked ${part.end}`);
  const start = begin.index + begin[0].length + 1;
  const filled = `${text.slice(0, start)}${await part.render()}\n${text.slice(endAt)}`;
  if (filled === text) return true;
  if (!process.argv.includes("--check")) await writeFile(part.file, filled);
  return false;
}

const stale: string[] = [];
for (const part of parts) {
  if (!(await fill(part))) stale.push(`${part.file} (${part.end})`);
}
if (stale.length > 0 && process.argv.includes("--check")) {
  console.error(`Out of date, run npm run docs:\n${stale.join("\n")}`);
  process.exitCode = 1;
}

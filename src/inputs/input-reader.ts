import { InputsError, MigrationError } from "../errors.ts";
import { isLoopback } from "../postgres/database-url.ts";
import { closestName } from "./closest-name.ts";
import { type Command, type InputDefinition, inputDefinitions, renamedInputs } from "./definitions.ts";
import type { RawInputs } from "./inputs.ts";

/** Reads one input after the other and collects every problem. */
export class InputReader {
  readonly #raw: RawInputs;
  readonly #problems: string[] = [];

  constructor(raw: RawInputs) {
    this.#raw = raw;
  }

  problem(sentence: string): void {
    this.#problems.push(sentence);
  }

  throwIfWrong(): void {
    if (this.#problems.length > 0) throw new InputsError(this.#problems);
  }

  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      this.problem(`${error.message} ${error.hint ?? ""}`.trim());
      return undefined;
    }
  }

  refuseUnknownNames(): void {
    const known = inputDefinitions.map((input) => input.name);
    for (const name of Object.keys(this.#raw)) {
      if (known.includes(name)) continue;
      const renamed = renamedInputs[name];
      const likely = closestName(name, known);
      const shown = JSON.stringify(name.slice(0, 60));
      if (renamed !== undefined) this.problem(`${shown} is now called ${renamed}`);
      else this.problem(`${shown} is not an input${likely === undefined ? "" : `; did you mean ${likely}?`}`);
    }
  }

  requireFor(command: Command): void {
    for (const input of inputDefinitions) {
      const isMissing = input.requiredFor?.includes(command) === true && this.text(input.name) === "";
      if (isMissing) this.problem(`${input.name} is missing: ${plainSentence(input.description)}`);
    }
  }

  /** Trimmed, with the default in place of an empty text. */
  text(name: string): string {
    const given = (this.#raw[name] ?? "").trim();
    return given === "" ? (definitionOf(name).default ?? "") : given;
  }

  optional(name: string): string | undefined {
    const text = this.text(name);
    return text === "" ? undefined : text;
  }

  choice<Value extends string>(name: string): Value {
    const text = this.text(name);
    const values = definitionOf(name).values ?? [];
    if (values.includes(text)) return text as Value;
    this.problem(`${name} is ${JSON.stringify(text.slice(0, 40))}, not one of ${values.join(", ")}`);
    return definitionOf(name).default as Value;
  }

  flag(name: string): boolean {
    const text = this.text(name).toLowerCase();
    if (text !== "true" && text !== "false")
      this.problem(`${name} is ${JSON.stringify(text.slice(0, 40))}, not true or false`);
    return text === "true";
  }

  list(name: string): string[] {
    return this.text(name)
      .split(/[,\n]/u)
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  number(name: string, min: number, max: number): number {
    const value = Number(this.text(name));
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    this.problem(`${name} is not a number from ${min} to ${max}`);
    return min;
  }

  integer(name: string, min: number, max: number): number {
    const value = this.number(name, min, max);
    if (!Number.isInteger(value)) this.problem(`${name} is not a whole number`);
    return value;
  }

  integerOrAuto(name: string, min: number, max: number): number | "auto" {
    return this.text(name) === "auto" ? "auto" : this.integer(name, min, max);
  }

  optionalInteger(name: string, min: number, max: number): number | undefined {
    return this.text(name) === "" ? undefined : this.integer(name, min, max);
  }

  pem(name: string, kind: string): string | undefined {
    const text = this.optional(name);
    if (text !== undefined && !new RegExp(`-----BEGIN [A-Z ]*${kind}-----`, "u").test(text)) {
      this.problem(`${name} is not PEM text with a BEGIN ${kind} line; give the file's content, not its path`);
    }
    return text === undefined ? undefined : `${text}\n`;
  }

  /** `https`, or `http` on loopback; without credentials, query or trailing slash. */
  url(name: string): string {
    const parsed = URL.parse(this.text(name));
    const isAllowed = parsed?.protocol === "https:" || (parsed?.protocol === "http:" && isLoopback(parsed.hostname));
    const extras = parsed === null ? "" : parsed.username + parsed.password + parsed.search + parsed.hash;
    if (!parsed || !isAllowed || extras !== "") {
      this.problem(`${name} is not an https:// URL without credentials and query`);
      return "";
    }
    return parsed.href.replace(/\/$/u, "");
  }
}

function definitionOf(name: string): InputDefinition {
  const found = inputDefinitions.find((input) => input.name === name);
  if (found === undefined) throw new Error(`no input is called ${name}`);
  return found;
}

function plainSentence(markdown: string): string {
  const [first = ""] = markdown.replaceAll("`", "").split(/(?<=\.)\s/u);
  return first.charAt(0).toLowerCase() + first.slice(1);
}

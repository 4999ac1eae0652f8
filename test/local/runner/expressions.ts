import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import type { FunctionDefinition } from "@actions/expressions/funcs/info";
import { truthy } from "@actions/expressions/result";
import { type Token, TokenType } from "@actions/expressions/lexer";
import { hashFiles } from "./hash-files.ts";
import type { Json } from "./json.ts";

/** What an expression can see. Names that are not here are errors, as on GitHub. */
export type Scope = {
  contexts: Record<string, Json>;
  success: () => boolean;
  failure: () => boolean;
  cancelled: () => boolean;
};

/** Environment names are case-sensitive on Linux, all other keys of expressions are not. */
class CaseSensitiveDictionary extends data.Dictionary {
  #entries: Map<string, data.ExpressionData>;

  constructor(entries: [string, data.ExpressionData][]) {
    super();
    this.#entries = new Map(entries);
  }

  override get(key: string): data.ExpressionData | undefined {
    return this.#entries.get(key);
  }

  override values(): data.ExpressionData[] {
    return [...this.#entries.values()];
  }

  override pairs(): { key: string; value: data.ExpressionData }[] {
    return [...this.#entries].map(([key, value]) => ({ key, value }));
  }
}

/** Evaluates a condition that is a whole expression. */
export function isTrue(expression: string, scope: Scope): boolean {
  return truthy(evaluateExpression(expression, scope));
}

/** Evaluates a value to text: null is empty, numbers and booleans as GitHub prints them, anything else an error. */
export function evaluateText(value: Json | undefined, scope: Scope): string {
  return toText(evaluateValue(value ?? null, scope));
}

/** Evaluates a mapping to texts, in the order in which it is written: `env`, `with`, `outputs`. */
export function evaluateTexts(value: Json | undefined, scope: Scope): Map<string, string> {
  const evaluated = evaluateValue(value ?? {}, scope);
  if (evaluated.kind !== data.Kind.Dictionary) throw new Error("A mapping was expected");
  return new Map(evaluated.pairs().map((pair) => [pair.key, toText(pair.value)]));
}

/** Evaluates all expressions in a value, types kept. */
export function evaluateJson(value: Json | undefined, scope: Scope): Json {
  return toJson(evaluateValue(value ?? null, scope));
}

function evaluateValue(value: Json, scope: Scope): data.ExpressionData {
  if (typeof value === "string") return evaluateTemplate(value, scope);
  if (Array.isArray(value)) return new data.Array(...value.map((item) => evaluateValue(item, scope)));
  if (value === null || typeof value !== "object") return toData(value);
  const pairs = Object.entries(value).map(([key, item]) => ({ key, value: evaluateValue(item, scope) }));
  return new data.Dictionary(...pairs);
}

/** A text that is one expression keeps the type of its result; one that only contains some becomes text. */
function evaluateTemplate(text: string, scope: Scope): data.ExpressionData {
  const parts = splitTemplate(text).map((part) =>
    typeof part === "string" ? new data.StringData(part) : evaluateExpression(part.expression, scope),
  );
  const [only, ...others] = parts;
  return only && others.length === 0 ? only : new data.StringData(parts.map(toText).join(""));
}

/** Literal pieces and expressions of a text, in order. Braces inside an expression's strings do not end it. */
function splitTemplate(text: string): (string | { expression: string })[] {
  const parts: (string | { expression: string })[] = [];
  const pattern = /\$\{\{((?:'[^']*'|[^'])*?)\}\}/g;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push({ expression: match[1] ?? "" });
    end = match.index + match[0].length;
  }
  return end < text.length || parts.length === 0 ? [...parts, text.slice(end)] : parts;
}

function evaluateExpression(expression: string, scope: Scope): data.ExpressionData {
  const functions = listFunctions(scope);
  const parsed = new Parser(readTokens(expression), Object.keys(scope.contexts), functions).parse();
  const contexts = Object.entries(scope.contexts).map(([key, value]) => ({ key, value: toContext(key, value) }));
  const byName = new Map(functions.map((definition) => [definition.name.toLowerCase(), definition]));
  return new Evaluator(parsed, new data.Dictionary(...contexts), byName).evaluate();
}

/** The package's lexer unescapes only the first quote of a string (0.3.61). */
function readTokens(expression: string): Token[] {
  const { tokens } = new Lexer(expression).lex();
  return tokens.map((token) =>
    token.type === TokenType.STRING ? { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") } : token,
  );
}

function listFunctions(scope: Scope): FunctionDefinition[] {
  const status = (name: string, call: () => boolean): FunctionDefinition => {
    return { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(call()) };
  };
  const github = scope.contexts["github"] as { workspace?: string } | undefined;
  const hash = (...patterns: data.ExpressionData[]): data.ExpressionData =>
    new data.StringData(
      hashFiles(
        github?.workspace ?? "",
        patterns.map((pattern) => pattern.coerceString()),
      ),
    );
  return [
    status("success", scope.success),
    status("failure", scope.failure),
    status("cancelled", scope.cancelled),
    status("always", () => true),
    { name: "hashFiles", minArgs: 1, maxArgs: 255, call: hash },
  ];
}

function toContext(name: string, value: Json): data.ExpressionData {
  if (name !== "env") return toData(value);
  const entries = Object.entries(value as Record<string, Json>);
  return new CaseSensitiveDictionary(entries.map(([key, item]) => [key, toData(item)]));
}

function toData(value: Json): data.ExpressionData {
  return JSON.parse(JSON.stringify(value), data.reviver) as data.ExpressionData;
}

function toJson(value: data.ExpressionData): Json {
  return JSON.parse(JSON.stringify(value, data.replacer)) as Json;
}

function toText(value: data.ExpressionData): string {
  if (!value.primitive) throw new Error("A text was expected, not a mapping or list");
  return value.coerceString();
}

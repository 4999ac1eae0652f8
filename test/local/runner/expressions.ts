import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import type { FunctionDefinition } from "@actions/expressions/funcs/info";
import { truthy } from "@actions/expressions/result";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { listFields } from "./definitions.ts";
import { hashFiles } from "./hash-files.ts";
import { isBasicExpression, isBoolean, isMapping, isNumber, isSequence, isString } from "./parser.ts";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

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

/** Evaluates a token to text: null is empty, numbers and booleans as GitHub prints them, anything else an error. */
export function evaluateText(token: TemplateToken | undefined, scope: Scope): string {
  return token ? toText(evaluateToken(token, scope)) : "";
}

/** Evaluates a mapping to texts, in the order in which it is written: `env`, `with`, `outputs`. */
export function evaluateTexts(token: TemplateToken | undefined, scope: Scope): Map<string, string> {
  if (!token) return new Map();
  const value = evaluateToken(token, scope);
  if (value.kind !== data.Kind.Dictionary) throw new Error("A mapping was expected");
  return new Map(value.pairs().map((pair) => [pair.key, toText(pair.value)]));
}

/** Evaluates a token to plain data, types kept. */
export function evaluateJson(token: TemplateToken | undefined, scope: Scope): Json {
  return token ? toJson(evaluateToken(token, scope)) : null;
}

function evaluateToken(token: TemplateToken, scope: Scope): data.ExpressionData {
  if (isBasicExpression(token)) return evaluateExpression(token.expression, scope);
  if (isString(token)) return new data.StringData(token.value);
  if (isNumber(token)) return new data.NumberData(token.value);
  if (isBoolean(token)) return new data.BooleanData(token.value);
  if (isSequence(token)) return new data.Array(...[...token].map((item) => evaluateToken(item, scope)));
  if (!isMapping(token)) return new data.Null();
  return new data.Dictionary(...listFields(token).map(([key, value]) => ({ key, value: evaluateToken(value, scope) })));
}

function evaluateExpression(expression: string, scope: Scope): data.ExpressionData {
  const functions = listFunctions(scope);
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, Object.keys(scope.contexts), functions).parse();
  const contexts = Object.entries(scope.contexts).map(([key, value]) => ({ key, value: toContext(key, value) }));
  const byName = new Map(functions.map((definition) => [definition.name.toLowerCase(), definition]));
  return new Evaluator(parsed, new data.Dictionary(...contexts), byName).evaluate();
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

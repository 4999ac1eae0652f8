import { registerHooks } from "node:module";
import type { TemplateContext } from "@actions/workflow-parser/templates/template-context";
import { parse } from "yaml";
import { type Json, renderScalar } from "./json.ts";

// The package imports its schema as JSON without an import attribute, which plain Node refuses. The hook must be in
// place before the package is loaded, so the package is imported dynamically.
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const isSchema = specifier.endsWith(".min.json") && context.parentURL?.includes("/@actions/workflow-parser/");
    return isSchema ? { ...resolved, importAttributes: { type: "json" } } : resolved;
  },
});

const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await import("@actions/workflow-parser");
const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");
const { convertActionTemplate } = await import("@actions/workflow-parser/actions/action-template");
const { ensureStatusFunction } = await import("@actions/workflow-parser/model/converter/if-condition");

/**
 * A file that GitHub's parser accepts, in its model and as plain YAML. The model lacks fields such as `with`, and its
 * expressions keep the indentation of block scalars: so texts are read from the YAML.
 */
export type Parsed<Model> = { model: Model; yaml: Json };

/** Validates a workflow; throws the parser's messages, one per line. */
export async function parseWorkflowFile(name: string, content: string) {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  refuseInvalid(context);
  if (!value) throw new Error(`${name}: empty`);
  const model = await convertWorkflowTemplate(context, value);
  refuseInvalid(context);
  return { model, yaml: parse(content) as Json } satisfies Parsed<typeof model>;
}

/** Validates an action.yml; throws the parser's messages, one per line. */
export function parseActionFile(name: string, content: string) {
  const { context, value } = parseAction({ name, content }, new NoOperationTraceWriter());
  refuseInvalid(context);
  if (!value) throw new Error(`${name}: empty`);
  const model = convertActionTemplate(context, value);
  refuseInvalid(context);
  return { model, yaml: parse(content) as Json } satisfies Parsed<typeof model>;
}

function refuseInvalid(context: TemplateContext): void {
  const errors = context.errors.getErrors().map((error) => error.message);
  if (errors.length > 0) throw new Error(errors.join("\n"));
}

const conditionNames = `github inputs vars needs strategy matrix secrets steps job runner env
  success(0,MAX) failure(0,MAX) cancelled(0,0) always(0,0) hashFiles(1,MAX)`.split(/\s+/);

/** The whole expression of an `if:`, with the implied `success()` where it asks for no status itself. */
export function readCondition(written: Json | undefined): string {
  const text = renderScalar(written ?? null).trim();
  const [, inner] = /^\$\{\{([^]*)\}\}$/.exec(text) ?? [];
  const condition = (inner !== undefined && !inner.includes("${{") ? inner : text).trim();
  if (condition.includes("${{")) throw new Error(`if: ${text}: only one expression is supported here`);
  if (condition === "") return "success()";
  const info = { allowedContext: conditionNames } as unknown as Parameters<typeof ensureStatusFunction>[1];
  return ensureStatusFunction(condition, info);
}

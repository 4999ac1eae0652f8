import { registerHooks } from "node:module";
import type { TemplateContext } from "@actions/workflow-parser/templates/template-context";

// The package imports its schema as JSON without an import attribute, which plain Node refuses. The hook must be in
// place before the package is loaded, so the package is imported dynamically.
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const isSchema = specifier.endsWith(".min.json") && context.parentURL?.includes("/@actions/workflow-parser/");
    return isSchema ? { ...resolved, importAttributes: { type: "json" } } : resolved;
  },
});

export const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter, isBasicExpression } =
  await import("@actions/workflow-parser");
export const { isMapping, isSequence, isString, isNumber, isBoolean } = await import("@actions/workflow-parser");
export const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");
export const { convertActionTemplate } = await import("@actions/workflow-parser/actions/action-template");

/** Throws what GitHub's own parser has against a file, one message per line. */
export function refuseInvalid(context: TemplateContext): void {
  const errors = context.errors.getErrors().map((error) => error.message);
  if (errors.length > 0) throw new Error(errors.join("\n"));
}

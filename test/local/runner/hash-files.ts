import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** The expression function: SHA-256 over the SHA-256 of every matching file of the workspace; empty without a match. */
export function hashFiles(workspace: string, patterns: string[]): string {
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!"));
  const exclude = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  const names = globSync(wanted, { cwd: workspace, exclude }).sort();
  const files = names.map((name) => path.resolve(workspace, name)).filter((file) => statSync(file).isFile());
  if (files.length === 0) return "";
  const sum = createHash("sha256");
  for (const file of files) sum.update(createHash("sha256").update(readFileSync(file)).digest());
  return sum.digest("hex");
}

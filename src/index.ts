import { pathToFileURL } from "node:url";
import { runAsJavaScriptAction } from "./action/main.ts";

export { cleanUp, run } from "./action/main.ts";
export { runCommandLine } from "./cli/main.ts";

// Imported by the composite action and by the command line; run as a file by `runtime/action.yml`.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await runAsJavaScriptAction();

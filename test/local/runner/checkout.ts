import { lstatSync, readdirSync, rmdirSync, symlinkSync } from "node:fs";
import type { JobFolders } from "./job-context.ts";
import type { StubAction } from "./options.ts";

/** Stands in for actions/checkout: the empty workspace becomes a link to the repository. Nothing is fetched. */
export function checkout({ workspace, repositoryRoot }: JobFolders): StubAction {
  return ({ write }) => {
    if (!lstatSync(workspace).isDirectory() || readdirSync(workspace).length > 0) {
      write("The workspace is kept as it is.");
      return undefined;
    }
    rmdirSync(workspace);
    symlinkSync(repositoryRoot, workspace);
    write(`The workspace is now ${repositoryRoot}.`);
    return undefined;
  };
}

import { Secret } from "../secret.ts";
import type { HerokuApi } from "./api.ts";
import { findText, parseFields, parseTime, requireText } from "./fields.ts";
import type { TargetDatabase } from "./resolve-database.ts";
import { transfersPath } from "./transfers.ts";

export interface PublicUrl {
  url: Secret;
  /** An hour after it was asked for. */
  expiresAt: Date | undefined;
}

/** A URL from which one of Heroku's own backups can be fetched for an hour. */
export async function readPublicUrl(
  api: HerokuApi,
  database: TargetDatabase,
  number: number,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<PublicUrl> {
  const answer = await api.request("data", {
    method: "POST",
    path: `${transfersPath(database)}/${number}/actions/public-url`,
    what: `get the URL of backup ${number}`,
    // Each call signs another URL and changes nothing.
    repeat: "always",
    ...options,
  });
  const fields = parseFields(answer, "a backup's URL");
  return {
    url: new Secret(requireText(fields, "url", "a backup's URL")),
    expiresAt: parseTime(findText(fields, "expires_at")),
  };
}

/** The command that brings a backup's content back. */
export function restoreCommand(database: TargetDatabase, backupName: string): string {
  const { app, attachmentName } = database;
  return `heroku pg:backups:restore ${backupName} ${attachmentName} --app ${app.name} --confirm ${app.name}`;
}

import { setSecret } from "@actions/core";
import type { RawInputs } from "../inputs/inputs.ts";
import { derivedForms } from "../secret.ts";
import { listSecretValues } from "./raw-inputs.ts";

/**
 * Registers every secret with the runner, whole and in parts, in each form that could reach the log. The runner masks
 * whole values only, so a URL's password needs a registration of its own.
 */
export function maskInputs(raw: RawInputs): void {
  for (const value of listSecretValues(raw)) maskSecret(value);
}

export function maskSecret(value: string): void {
  for (const part of [value, ...passwordsIn(value)]) {
    for (const form of derivedForms(part)) setSecret(form);
  }
}

/** Password, and user with password, of a text that looks like a URL, even of one that no parser takes. */
export function passwordsIn(text: string): string[] {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*):([^/?#]*(?:[^@]*))@/iu.exec(text.trim());
  const inQuery = [...text.matchAll(/[?&]password=([^&\s]+)/giu)].map((found) => found[1] ?? "");
  return [...(match === null ? [] : [match[2] ?? "", `${match[1]}:${match[2]}`]), ...inQuery].filter(
    (part) => part !== "",
  );
}

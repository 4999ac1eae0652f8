import { bucketCodes } from "./codes/bucket.ts";
import { connectionCodes } from "./codes/connection.ts";
import type { CodeDefinition } from "./codes/definition.ts";
import { herokuCodes } from "./codes/heroku.ts";
import { laterCodes } from "./codes/later.ts";
import { lossCodes } from "./codes/losses.ts";
import { objectCodes } from "./codes/objects.ts";
import { planCodes } from "./codes/plan.ts";
import { privilegeCodes } from "./codes/privileges.ts";
import { stateCodes } from "./codes/state.ts";

/** Every finding's code, once. A check cannot report another, and docs/findings.md is made from this. */
export const codes = {
  ...connectionCodes,
  ...privilegeCodes,
  ...objectCodes,
  ...stateCodes,
  ...lossCodes,
  ...planCodes,
  ...herokuCodes,
  ...bucketCodes,
} as const;

export type FindingCode = keyof typeof codes;

export const findingCodes = Object.keys(codes) as FindingCode[];

export function findCode(code: string): CodeDefinition | undefined {
  return ({ ...codes, ...laterCodes } as Readonly<Record<string, CodeDefinition>>)[code];
}

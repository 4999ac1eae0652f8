import { expect, test } from "vitest";
import { checks } from "../../src/preflight/checks.ts";
import { findingCodes } from "../../src/preflight/codes.ts";
import { connectionFixtures } from "./fixtures-connection.ts";
import { factFixtures } from "./fixtures-facts.ts";
import { objectFixtures } from "./fixtures-objects.ts";
import { serverFixtures } from "./fixtures-servers.ts";
import { stateFixtures } from "./fixtures-state.ts";

// Each fixture's own test fails unless the finding appears; here it is only counted that none is without a fixture.
test("every finding has a fixture that really produces it", () => {
  const lists = [connectionFixtures, factFixtures, objectFixtures, serverFixtures, stateFixtures];
  const shown = new Set<string>(lists.flat().map(({ code }) => code));
  expect(findingCodes.filter((code) => !shown.has(code))).toEqual([]);
});

test("no two checks share an id, since it makes their could-not-check code", () => {
  const ids = checks.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

import { expect, test } from "vitest";
import { type WaitingSession, describeWaits } from "./diagnosis.ts";

const session: WaitingSession = {
  application: "migrate-to-heroku-postgres reader 123-1",
  state: "active",
  waitType: null,
  waitEvent: null,
  seconds: 61,
  blockers: [],
};

test.each<[string, Partial<WaitingSession>]>([
  ["reader computes for", {}],
  ["waits for 1 min 1 s (IO/DataFileRead)", { waitType: "IO", waitEvent: "DataFileRead" }],
  ["this side does not take them", { waitType: "Client", waitEvent: "ClientWrite" }],
  ["is idle in transaction", { state: "idle in transaction", waitType: "Client", waitEvent: "ClientRead" }],
  [
    "is blocked for 1 min 1 s by process 42 (nightly job, idle in transaction, its transaction",
    { blockers: [{ pid: 42, application: "nightly job", state: "idle in transaction", seconds: 7200 }] },
  ],
])("says that it %s", (words, facts) => {
  expect(describeWaits([{ ...session, ...facts }])).toContain(words);
});

test("says where the server has forgotten us", () => {
  expect(describeWaits([])).toContain("no session of this run");
});

import { expect, test } from "vitest";
import { parseInputs } from "../inputs/parse.ts";
import { Secret } from "../secret.ts";
import { createHider } from "./hider.ts";

test("hides what was given and what is learnt on the way, whole and in parts, however it is written", () => {
  const inputs = parseInputs({
    command: "preflight",
    "source-database-url": "postgres://app:p%40ss-w0rd@db.example/shop",
    "heroku-api-key": "some-heroku-key",
    "heroku-app": "example-app",
    bucket: "b",
    "s3-access-key-id": "AKIA1",
    "s3-secret-access-key": "bucket/secret",
  });
  const { hide, learn } = createHider(inputs);
  learn(new Secret("target-password"));
  const text = "p@ss-w0rd p%40ss-w0rd some-heroku-key bucket%2Fsecret target-password shop AKIA1";
  expect(hide(text)).toBe("*** *** *** *** *** shop AKIA1");
});

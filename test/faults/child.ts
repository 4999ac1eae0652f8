import { cleanUp, run } from "../../src/action/main.ts";
import { retryPolicies } from "../../src/retry.ts";

// A step of the action, entered where action.yml enters it. Pauses between tries are shorter than in earnest: what is
// tested is whether it goes on, not how long it waits.

for (const policy of Object.values(retryPolicies)) Object.assign(policy, { baseMs: 20, capMs: 400 });

await (process.argv[2] === "cleanup" ? cleanUp() : run());

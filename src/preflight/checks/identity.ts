import type { Check } from "../check.ts";
import { finding } from "../check.ts";
import type { Gate } from "../gate.ts";

export const sourceIsNotTarget: Check = {
  id: "source-is-not-target",
  title: "Source and target are two databases",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { source: url } = gate.inputs;
    const sameAddress = gate.targetUrl !== undefined && gate.targetUrl.location === url.location;
    if (!sameAddress && !(await isSameServerAndDatabase(gate))) return [];
    const message = `Both are the database ${url.database} of one server.`;
    return [finding("SOURCE_IS_TARGET", { message, objects: [url.location] })];
  },
};

/** By the server's own identity, since one server has many names. */
async function isSameServerAndDatabase(gate: Gate): Promise<boolean> {
  if (!gate.has("target")) return false;
  const source = await gate.source.catalog.server();
  const target = await gate.target.catalog.server();
  const isSameServer = source.systemIdentifier !== undefined && source.systemIdentifier === target.systemIdentifier;
  return isSameServer && source.database === target.database;
}

// Prints the table of providers: what each is known by, what is left out, and what the tests simulate of it.
import { profiles } from "../src/preflight/providers/profiles.ts";
import { type ProviderScene, providerScenes } from "../test/preflight/provider-scenes.ts";

/** One row per provider, from the profiles and from the scenes that test/preflight/providers.test.ts runs. */
export function renderProvidersTable(): string {
  const header =
    "| provider | majors | left out of the archive | tested with PostgreSQL | host and simulated markers | extensions at the source, and what becomes of them |";
  const rows = providerScenes.map(renderScene);
  return [header, "| --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function renderScene(scene: ProviderScene): string {
  const profile = profiles.find(({ id }) => id === scene.provider);
  if (profile === undefined) throw new Error(`${scene.provider} has no profile`);
  const { extensions, schemas, eventTriggers } = profile.leaveOut;
  const leftOut = [...new Set([...extensions, ...schemas, ...eventTriggers])].map(code).join(" ");
  const { roles = [], databases = [], available = [] } = scene.markers;
  const markers = [
    ...roles.map((name) => `role ${code(name)}`),
    ...databases.map((name) => `database ${code(name)}`),
    ...available.map((name) => `available ${code(name)}`),
  ];
  const outcomes = scene.extensions.map(
    ({ name, version, action }) =>
      `${code(name)}${version === undefined ? "" : ` ${version}`}: ${outcomeWords[action]}`,
  );
  return `| ${profile.name} | ${profile.majors.join("–")} | ${leftOut || "–"} | ${scene.major} | ${[code(scene.host), `user ${code(scene.user)}`, ...markers].join(", ")} | ${outcomes.join("; ")} |`;
}

const outcomeWords = { create: "created", keep: "there", "leave-out": "left out", blocked: "**stops**" } as const;

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) console.log(renderProvidersTable());

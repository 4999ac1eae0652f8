const gigabyte = 1024 ** 3;

export type Tier = "essential" | "standard" | "premium" | "private" | "shield" | "advanced";

/** What a Heroku Postgres plan allows. `tables` only on the Essential plans. */
export type Plan = {
  tier: Tier;
  label: string;
  storageBytes: number;
  connections: number;
  tables?: number;
};

const essential: Record<string, Omit<Plan, "tier" | "label">> = {
  "0": { storageBytes: gigabyte, connections: 20, tables: 4000 },
  "1": { storageBytes: 10 * gigabyte, connections: 20, tables: 4000 },
  "2": { storageBytes: 32 * gigabyte, connections: 40, tables: 4000 },
};

const classicGigabytes: Record<string, number> = {
  "0": 64,
  "2": 256,
  "3": 512,
  "4": 768,
  "5": 1024,
  "6": 1536,
  "7": 2048,
  "8": 3072,
  "9": 4096,
};

/** Limits of a plan by its name after the colon, as `standard-0`. Unknown names get those of the largest plan. */
export function planNamed(name: string): Plan {
  const [word = name, size = "0"] = name.split("-");
  const label = `${word[0]?.toUpperCase()}${word.slice(1)} ${size}`;
  if (word === "essential") return { tier: "essential", label, ...(essential[size] ?? essential["2"]!) };
  const storageBytes = (classicGigabytes[size] ?? 4096) * gigabyte;
  return { tier: tierOf(word), label, storageBytes, connections: connectionsOf(size) };
}

function tierOf(word: string): Tier {
  if (word === "premium" || word === "private" || word === "shield") return word;
  return /^(advanced|performance)/.test(word) ? "advanced" : "standard";
}

function connectionsOf(size: string): number {
  if (size === "0") return 120;
  return size === "2" ? 400 : 500;
}

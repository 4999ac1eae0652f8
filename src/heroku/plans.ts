export type PlanTier = "essential" | "standard" | "premium" | "private" | "shield" | "advanced" | "unknown";

/** What a Heroku Postgres plan allows. Defaults of the documentation: where the database's own info says otherwise, that is right. */
export interface Plan {
  /** After the colon: `standard-0`. */
  name: string;
  tier: PlanTier;
  /** Another API and another way to restore: not supported here. */
  isAdvanced: boolean;
  /** In a private network: a runner cannot reach it by SQL. Shield plans are private too. */
  isPrivate: boolean;
  isEssential: boolean;
  storageBytes: number | undefined;
  connectionLimit: number | undefined;
  /** Essential plans only. */
  tableLimit: number | undefined;
}

/** Decimal, the smaller reading of what the plans are sold by: a database that fits so fits in any case. */
const gigabyte = 1e9;

const essentialLimits: Readonly<Record<string, { gigabytes: number; connections: number }>> = {
  "0": { gigabytes: 1, connections: 20 },
  "1": { gigabytes: 10, connections: 20 },
  "2": { gigabytes: 32, connections: 40 },
};

const essentialTables = 4_000;

/** Of Standard, Premium, Private and Shield alike. Sizes that are not listed (`l-9`, `xl-9`) have unknown limits. */
const classicLimits: Readonly<Record<string, { gigabytes: number; connections: number }>> = {
  "0": { gigabytes: 64, connections: 120 },
  "2": { gigabytes: 256, connections: 400 },
  "3": { gigabytes: 512, connections: 500 },
  "4": { gigabytes: 768, connections: 500 },
  "5": { gigabytes: 1000, connections: 500 },
  "6": { gigabytes: 1500, connections: 500 },
  "7": { gigabytes: 2000, connections: 500 },
  "8": { gigabytes: 3000, connections: 500 },
  "9": { gigabytes: 4000, connections: 500 },
};

/** Understands `heroku-postgresql:standard-0` and `standard-0`; an unknown plan has unknown limits. */
export function planNamed(fullName: string): Plan {
  const name = fullName.replace(/^[^:]*:/u, "");
  const [word = "", size = ""] = name.split("-");
  const tier = tierOf(word);
  const limits = (tier === "essential" ? essentialLimits : classicLimits)[size];
  const isKnown = tier !== "advanced" && tier !== "unknown" && limits !== undefined;
  return {
    name,
    tier,
    isAdvanced: tier === "advanced",
    isPrivate: tier === "private" || tier === "shield",
    isEssential: tier === "essential",
    storageBytes: isKnown ? limits.gigabytes * gigabyte : undefined,
    connectionLimit: isKnown ? limits.connections : undefined,
    tableLimit: tier === "essential" ? essentialTables : undefined,
  };
}

function tierOf(word: string): PlanTier {
  if (word.startsWith("advanced") || word.startsWith("performance")) return "advanced";
  return word === "essential" || word === "standard" || word === "premium" || word === "private" || word === "shield"
    ? word
    : "unknown";
}

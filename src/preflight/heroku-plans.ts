/** Defaults by plan; Heroku's own answer about a database wins. */
interface HerokuPlan {
  bytes: number;
  connections: number;
  tables?: number;
}

const gigabyte = 1e9;
const essentialTables = 4000;

const essential: Readonly<Record<string, HerokuPlan>> = {
  "essential-0": { bytes: 1 * gigabyte, connections: 20, tables: essentialTables },
  "essential-1": { bytes: 10 * gigabyte, connections: 20, tables: essentialTables },
  "essential-2": { bytes: 32 * gigabyte, connections: 40, tables: essentialTables },
};

/** Of Standard, Premium, Private and Shield alike, by the number at the end. */
const classic: Readonly<Record<string, HerokuPlan>> = {
  "0": { bytes: 64 * gigabyte, connections: 120 },
  "2": { bytes: 256 * gigabyte, connections: 400 },
  "3": { bytes: 512 * gigabyte, connections: 500 },
  "4": { bytes: 768 * gigabyte, connections: 500 },
  "5": { bytes: 1000 * gigabyte, connections: 500 },
  "6": { bytes: 1500 * gigabyte, connections: 500 },
  "7": { bytes: 2000 * gigabyte, connections: 500 },
  "8": { bytes: 3000 * gigabyte, connections: 500 },
  "9": { bytes: 4000 * gigabyte, connections: 500 },
};

/** @param plan `heroku-postgresql:standard-0` */
export function findPlan(plan: string): HerokuPlan | undefined {
  const name = planName(plan);
  const number = /^(?:standard|premium|private|shield)-(\d+)/u.exec(name)?.[1];
  return number === undefined ? essential[name] : classic[number];
}

/** Advanced plans have another API. */
export function isAdvancedPlan(plan: string): boolean {
  return /^(advanced|performance)/u.test(planName(plan));
}

/** Databases of these plans live in a private network. */
export function isPrivatePlan(plan: string): boolean {
  return /^(private|shield)-/u.test(planName(plan));
}

function planName(plan: string): string {
  return plan.slice(plan.indexOf(":") + 1);
}

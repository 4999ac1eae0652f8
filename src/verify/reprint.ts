import type { Session } from "../postgres/session.ts";
import { sqlStateOf } from "../postgres/snapshot.ts";
import { isTransient } from "../retry.ts";
import { mapLimited } from "../workers.ts";
import { objectKey } from "./compare-model.ts";
import type { CatalogObject, Fingerprint } from "./fingerprint-model.ts";
import { type ReprintContext, type ReprintScript, reprintScripts } from "./reprint-scripts.ts";
import type { SessionPool } from "./session-pool.ts";

export interface Reprinted {
  source: Fingerprint;
  /** How many texts of the source the target prints in its own way. */
  count: number;
}

/**
 * The same expression is printed differently by two majors (from 16 on a view of one table no longer names it before each
 * column), and even by one: `size in ('S', 'M')` on a varchar is printed with one cast of the whole array, and what is read
 * back from that print is printed with a cast of each item. So where texts differ, the target reads both, makes temporary
 * objects of them in transactions that are rolled back, and prints them: equal prints are no difference.
 *
 * Gives the source's fingerprint with the target's text in their place. What the target cannot make stays a difference.
 */
export async function reprintSource(
  source: Fingerprint,
  target: Fingerprint,
  pool: SessionPool,
  jobs: number,
): Promise<Reprinted> {
  const targets = new Map(target.objects.map((object) => [objectKey(object), object]));
  const context = contextOf(target);
  let count = 0;
  const reprint = async (object: CatalogObject): Promise<CatalogObject> => {
    const other = targets.get(objectKey(object));
    const facts = other === undefined ? [] : listPrintedFacts(object, other);
    let { facts: printed } = object;
    for (const fact of facts) {
      if (other === undefined || !(await meansTheSame(object, other, fact, context, pool))) continue;
      printed = { ...printed, [fact]: other.facts[fact] ?? null };
      count += 1;
    }
    return { ...object, facts: printed };
  };
  const differing = source.objects.filter((object) => {
    const other = targets.get(objectKey(object));
    return other !== undefined && listPrintedFacts(object, other).length > 0;
  });
  const done = await mapLimited(differing, jobs, reprint, pool.signal);
  const replaced = new Map(differing.map((object, index) => [object, done[index] ?? object]));
  return { source: { ...source, objects: source.objects.map((object) => replaced.get(object) ?? object) }, count };
}

function contextOf(target: Fingerprint): ReprintContext {
  const key = (schema: string | null, name: string): string => JSON.stringify([schema, name]);
  const domains = target.objects.filter(({ object }) => object === "DOMAIN");
  const baseTypes = new Map(
    domains.map(({ schema, name, facts }) => [key(schema, name), facts["base type"] ?? undefined]),
  );
  return { findBaseType: (schema, name) => baseTypes.get(key(schema, name)) };
}

function listPrintedFacts(source: CatalogObject, target: CatalogObject): string[] {
  return Object.keys(source.facts).filter((fact) => {
    const [was, is] = [source.facts[fact] ?? null, target.facts[fact] ?? null];
    return was !== null && is !== null && was !== is && `${source.object}.${fact}` in reprintScripts;
  });
}

async function meansTheSame(
  source: CatalogObject,
  target: CatalogObject,
  fact: string,
  context: ReprintContext,
  pool: SessionPool,
): Promise<boolean> {
  const script = reprintScripts[`${source.object}.${fact}`];
  const [was, is] = [source.facts[fact], target.facts[fact]];
  if (script === undefined || typeof was !== "string" || typeof is !== "string") return false;
  return await pool.read("comparing two texts", async (session) => {
    const first = await printAgain(session, script(source, was, context));
    return first !== undefined && first === (await printAgain(session, script(target, is, context)));
  });
}

/** Undefined where the server cannot make such a thing. */
async function printAgain(session: Session, script: ReprintScript | undefined): Promise<string | undefined> {
  if (script === undefined) return undefined;
  const { make, read } = script;
  await session.execute("begin read write; set local check_function_bodies = off");
  try {
    await session.execute(make);
    return await session.value<string>(read);
  } catch (error) {
    if (sqlStateOf(error) === undefined || isTransient(error)) throw error;
    return undefined;
  } finally {
    if (!session.isLost) await session.execute("rollback");
  }
}

import { quoteIdentifier } from "../postgres/session.ts";
import type { Session } from "../postgres/session.ts";
import { sqlStateOf } from "../postgres/snapshot.ts";
import { objectKey } from "./compare-model.ts";
import type { CatalogObject, Fingerprint } from "./fingerprint-model.ts";

/**
 * Majors print the same view differently: from 16 on a view of one table no longer names the table before each column.
 * So the target is asked to print the source's text: in a temporary view inside a transaction that is rolled back. Where it
 * then prints what it prints of its own view, the two are the same.
 *
 * Gives the source's fingerprint with those definitions replaced by the target's, and how many they are.
 */
export async function reprintViews(
  source: Fingerprint,
  target: Fingerprint,
  session: Session,
): Promise<{ source: Fingerprint; reprinted: number }> {
  const targets = new Map(target.objects.map((object) => [objectKey(object), object]));
  let reprinted = 0;
  const objects: CatalogObject[] = [];
  for (const object of source.objects) {
    const wanted = targets.get(objectKey(object))?.facts["definition"] ?? null;
    const isSame = await printsTheSame(object, wanted, session);
    if (isSame) reprinted += 1;
    objects.push(isSame ? { ...object, facts: { ...object.facts, definition: wanted } } : object);
  }
  return { source: { ...source, objects }, reprinted };
}

async function printsTheSame(object: CatalogObject, wanted: string | null, session: Session): Promise<boolean> {
  const definition = object.facts["definition"] ?? null;
  const isView = object.object === "VIEW" || object.object === "MATERIALIZED VIEW";
  if (!isView || definition === null || wanted === null || definition === wanted) return false;
  return (await reprint(definition, session)) === wanted;
}

const temporaryName = quoteIdentifier("migration_reprinted_view");

/** Undefined where the target cannot make such a view. */
async function reprint(definition: string, session: Session): Promise<string | undefined> {
  await session.execute("begin read write");
  try {
    await session.execute(`create temporary view ${temporaryName} as ${definition}`);
    return await session.value<string>(`select pg_get_viewdef('pg_temp.${temporaryName}'::regclass)`);
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (!session.isLost) await session.execute("rollback");
  }
}

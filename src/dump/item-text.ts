import type { CopyOut } from "../postgres/copy-out.ts";
import type { Session } from "../postgres/session.ts";
import type { ReadItem } from "./tasks.ts";

/** The content of one item, read front to back into buffers of the caller. */
export interface ItemText {
  /** Fills the target; less than its length means that this was the end. */
  read(target: Buffer): Promise<number>;
  /** Known at the end; 0 for what has no rows. */
  readonly rowCount: number;
}

/**
 * The contents of items, one after another from one source: each is read until a read comes back short. Tables that are
 * read together cost one round trip to the server, which for small ones is most of their time.
 */
export function openItemTexts(session: Session, items: readonly ReadItem[]): ItemText {
  const [first] = items;
  if (first?.kind === "large-object") return new LargeObjectText(session, first.oid);
  return session.copyOut(...items.flatMap((item) => (item.kind === "copy" ? [item.sql] : [])));
}

/** Runs of items that are read together: all the tables in a row, or one large object. */
export function groupItems(items: readonly ReadItem[]): ReadItem[][] {
  const groups: ReadItem[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (item.kind === "copy" && last?.[0]?.kind === "copy") last.push(item);
    else groups.push([item]);
  }
  return groups;
}

/** Small objects take one round trip, large ones steps that no buffer of the server's notices. */
const stepBytes = 1024 * 1024;

/** Of a binary COPY's one row with one value (PostgreSQL manual, COPY, File Formats): signature, flags, extension; fields, length. */
const beforeValueBytes = 19 + 2 + 4;
const afterValueBytes = 2;

/** As binary COPY, because the driver decodes values of rows as text on their way, binary ones too. */
class LargeObjectText implements ItemText {
  readonly rowCount = 0;
  readonly #session: Session;
  readonly #oid: number;
  #copy: CopyOut | undefined;
  #offset = 0;
  /** Of the current step, not yet read. */
  #leftBytes = 0;
  #isLastStep = false;

  constructor(session: Session, oid: number) {
    this.#session = session;
    this.#oid = oid;
  }

  async read(target: Buffer): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#leftBytes === 0 && !(await this.#openStep())) break;
      const end = Math.min(target.length, filled + this.#leftBytes);
      await this.#readExactly(target.subarray(filled, end));
      this.#leftBytes -= end - filled;
      filled = end;
      if (this.#leftBytes === 0) await this.#closeStep();
    }
    return filled;
  }

  /** False at the object's end. */
  async #openStep(): Promise<boolean> {
    if (this.#isLastStep) return false;
    const value = `pg_catalog.lo_get(${this.#oid}, ${this.#offset}, ${stepBytes})`;
    this.#copy = this.#session.copyOut(`copy (select ${value}) to stdout (format binary)`);
    const header = Buffer.alloc(beforeValueBytes);
    await this.#readExactly(header);
    this.#leftBytes = header.readInt32BE(beforeValueBytes - 4);
    this.#offset += this.#leftBytes;
    this.#isLastStep = this.#leftBytes < stepBytes;
    if (this.#leftBytes === 0) await this.#closeStep();
    return this.#leftBytes > 0;
  }

  async #readExactly(target: Buffer): Promise<void> {
    const length = await this.#copy?.read(target);
    if (length !== target.length) throw new Error(`large object ${this.#oid} ended early`);
  }

  /** One byte more than is to come: the read then waits until the server has ended the command. */
  async #closeStep(): Promise<void> {
    const length = await this.#copy?.read(Buffer.alloc(afterValueBytes + 1));
    if (length !== afterValueBytes) throw new Error(`large object ${this.#oid} did not end where it should`);
  }
}

import type { Session } from "../postgres/session.ts";
import type { ReadItem } from "./tasks.ts";

/** The content of one item, read front to back into buffers of the caller. */
export interface ItemText {
  /** Fills the target; less than its length means that this was the end. */
  read(target: Buffer): Promise<number>;
  /** Known at the end; 0 for what has no rows. */
  readonly rowCount: number;
}

export function openItemText(session: Session, item: ReadItem): ItemText {
  return item.kind === "copy" ? session.copyOut(item.sql) : new LargeObjectText(session, item.oid);
}

/** Small objects take one round trip, large ones steps that no buffer notices. */
const stepBytes = 1024 * 1024;

class LargeObjectText implements ItemText {
  readonly rowCount = 0;
  readonly #session: Session;
  readonly #oid: number;
  #offset = 0;
  #isAtEnd = false;
  /** Read from the server, and not yet taken. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(session: Session, oid: number) {
    this.#session = session;
    this.#oid = oid;
  }

  async read(target: Buffer): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0 && !(await this.#readStep())) break;
      const copied = this.#rest.copy(target, filled);
      this.#rest = this.#rest.subarray(copied);
      filled += copied;
    }
    return filled;
  }

  /** False at the object's end. */
  async #readStep(): Promise<boolean> {
    if (this.#isAtEnd) return false;
    const [bytes = Buffer.alloc(0)] = await this.#session.binaryValues(
      `select pg_catalog.lo_get($1::oid, $2::int8, ${stepBytes})`,
      [this.#oid, this.#offset],
    );
    this.#offset += bytes.length;
    this.#isAtEnd = bytes.length < stepBytes;
    this.#rest = bytes;
    return bytes.length > 0;
  }
}

const newline = 0x0a;
const backslash = 0x5c;
const dot = 0x2e;

/** What pg_dump writes behind the last row: the end-of-data mark and two empty lines. */
export const copyTextEnd = Buffer.from("\\.\n\n\n", "latin1");

/**
 * Counts the rows of one table's COPY text, given in pieces of any size. A newline inside a value is written as `\n`,
 * so every newline ends a row, up to the end-of-data mark. Servers before 18 silently ignore what follows a mark, so
 * one that is not at the very end is an error, as is a missing one.
 */
export class RowCounter {
  #rows = 0;
  /** Length of the line that the next byte belongs to. */
  #lineBytes = 0;
  /** The last two bytes of the line so far, packed. */
  #lineTail = 0;
  /** Newlines seen after the end-of-data mark; undefined before it. */
  #closingNewlines: number | undefined;

  /** Throws a plain sentence for what is no COPY text. */
  push(text: Buffer): void {
    let at = 0;
    while (at < text.length) {
      if (this.#closingNewlines !== undefined) return this.#pushClosing(text, at);
      const end = nextNewline(text, at);
      if (end === -1) return this.#holdLine(text, at);
      this.#endLine(text, at, end);
      at = end + 1;
    }
  }

  /** The number of rows, once the text is complete. */
  finish(): number {
    if (this.#closingNewlines === undefined) throw new Error("its rows have no end-of-data mark");
    if (this.#closingNewlines !== 2) throw new Error("its end-of-data mark is cut short");
    return this.#rows;
  }

  #endLine(text: Buffer, from: number, end: number): void {
    const lineBytes = this.#lineBytes + end - from;
    if (lineBytes === 2 && this.#tailAt(text, from, end) === ((backslash << 8) | dot)) this.#closingNewlines = 0;
    else this.#rows += 1;
    this.#lineBytes = 0;
  }

  #holdLine(text: Buffer, from: number): void {
    this.#lineTail = this.#tailAt(text, from, text.length);
    this.#lineBytes += text.length - from;
  }

  #tailAt(text: Buffer, from: number, end: number): number {
    let tail = this.#lineTail;
    for (let at = Math.max(from, end - 2); at < end; at += 1) tail = ((tail << 8) | (text[at] as number)) & 0xffff;
    return tail;
  }

  #pushClosing(text: Buffer, from: number): void {
    for (let at = from; at < text.length; at += 1) {
      if (text[at] !== newline || this.#closingNewlines === 2) throw new Error("text follows its end-of-data mark");
      this.#closingNewlines = (this.#closingNewlines ?? 0) + 1;
    }
  }
}

/** A call into the native search costs as much as looking at some 30 bytes: short rows are quicker without it. */
const inlineBytes = 32;

function nextNewline(text: Buffer, from: number): number {
  const inlineEnd = Math.min(text.length, from + inlineBytes);
  for (let at = from; at < inlineEnd; at += 1) {
    if (text[at] === newline) return at;
  }
  return text.indexOf(newline, inlineEnd);
}

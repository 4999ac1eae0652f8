/** Markdown blocks that stand on their own, in reading order. An empty list is no section. */
export interface Section {
  blocks: string[];
}

const cutNote = "*More did not fit here; it is in `report.html` and in the artifacts.*";

/** Joins the blocks until the next one would not fit, then says that something is missing. A block is never cut. */
export function joinWithin(sections: readonly Section[], limitBytes: number): string {
  const room = limitBytes - Buffer.byteLength(cutNote) - 2;
  const kept: string[] = [];
  let bytes = 0;
  for (const block of sections.flatMap((section) => section.blocks)) {
    bytes += Buffer.byteLength(block) + 2;
    if (bytes > room) return `${[...kept, cutNote].join("\n\n")}\n`;
    kept.push(block);
  }
  return `${kept.join("\n\n")}\n`;
}

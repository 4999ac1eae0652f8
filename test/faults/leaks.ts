import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface Trace {
  /** Where it was found. */
  where: string;
  bytes: Buffer;
}

/** Every spelling in which a secret may lie somewhere: raw, decoded, encoded, escaped, and base64 at each of its three offsets. */
export function spellingsOf(secret: string): string[] {
  const spellings = new Set([secret, encodeURIComponent(secret), safelyDecoded(secret)]);
  for (const form of Array.from(spellings)) {
    spellings.add(JSON.stringify(form).slice(1, -1));
    for (const offset of [0, 1, 2]) spellings.add(base64At(form, offset));
    spellings.add(Buffer.from(form).toString("hex"));
  }
  return [...spellings].filter((form) => form.length >= 6);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The middle of the base64 of a longer text that holds this one `offset` bytes after a group's start. */
function base64At(text: string, offset: number): string {
  const padded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const whole = padded.subarray(0, padded.length - (padded.length % 3));
  return whole.toString("base64").slice(offset === 0 ? 0 : 4);
}

const presigned = /X-Amz-Signature(?:=|%3D)[0-9a-f]{16}/iu;

/** Where any of the secrets can be read; empty where none can. */
export function findLeaks(traces: readonly Trace[], secrets: readonly string[]): string[] {
  const found: string[] = [];
  const needles = secrets.flatMap((secret, index) =>
    spellingsOf(secret).map((form) => ({ index, form: Buffer.from(form) })),
  );
  for (const { where, bytes } of traces) {
    for (const { index, form } of needles) if (bytes.includes(form)) found.push(`secret ${index} in ${where}`);
    if (presigned.test(bytes.toString("latin1"))) found.push(`a presigned URL in ${where}`);
  }
  return [...new Set(found)];
}

/** Every file below a folder. */
export async function readTraces(folder: string): Promise<Trace[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map(async (file) => ({ where: file, bytes: await readFile(file) })));
}

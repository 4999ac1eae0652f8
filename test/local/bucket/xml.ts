import { type S3Error, s3Error } from "./s3-error.ts";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** One element holding text. */
export function text(name: string, value: string | number | boolean): string {
  return `<${name}>${String(value).replace(/[&<>"\r]/g, (char) => ESCAPES[char] ?? char)}</${name}>`;
}

/** One element holding elements that are already XML; undefined children are left out. */
export function element(name: string, children: readonly (string | undefined)[]): string {
  return `<${name}>${children.filter((child) => child !== undefined).join("")}</${name}>`;
}

export function renderDocument(name: string, children: readonly (string | undefined)[]): string {
  const inside = children.filter((child) => child !== undefined).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${inside}</${name}>`;
}

export function renderError(error: S3Error, requestId: string): string {
  const details = Object.entries(error.details).map(([name, value]) => text(name, value));
  const fields = [text("Code", error.code), text("Message", error.message), ...details, text("RequestId", requestId)];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${fields.join("")}</Error>`;
}

/** One line of the list that completes a multipart upload. */
export interface ListedPart {
  partNumber: number;
  /** Without quotes. */
  etag: string;
  /** `ChecksumCRC32` and the like, by the algorithm's lower-case name. */
  checksums: Map<string, string>;
}

const PART = /\s*<Part>((?:\s*<[A-Za-z0-9]+>[^<]*<\/[A-Za-z0-9]+>)*)\s*<\/Part>/y;
const FIELD = /<([A-Za-z0-9]+)>([^<]*)<\/\1>/g;

/** Reads a `CompleteMultipartUpload` document; throws MalformedXML on anything else, and on an empty list. */
export function parseCompletion(xml: string): ListedPart[] {
  const outer =
    /^\s*(?:<\?xml[^>]*\?>)?\s*<CompleteMultipartUpload(?:\s[^>]*)?>([\s\S]*)<\/CompleteMultipartUpload>\s*$/;
  const inside = outer.exec(xml)?.[1];
  if (inside === undefined) throw s3Error("MalformedXML");
  const parts: ListedPart[] = [];
  PART.lastIndex = 0;
  let end = 0;
  for (let match = PART.exec(inside); match !== null; match = PART.exec(inside)) {
    parts.push(parsePart(match[1] ?? ""));
    end = PART.lastIndex;
  }
  if (parts.length === 0 || inside.slice(end).trim() !== "") throw s3Error("MalformedXML");
  return parts;
}

function parsePart(xml: string): ListedPart {
  const fields = new Map([...xml.matchAll(FIELD)].map(([, name, value]) => [name ?? "", unescapeText(value ?? "")]));
  const number = fields.get("PartNumber") ?? "";
  const etag = fields.get("ETag");
  if (!/^\d+$/.test(number) || etag === undefined) throw s3Error("MalformedXML");
  const checksums = new Map<string, string>();
  for (const [name, value] of fields) {
    if (name.startsWith("Checksum")) checksums.set(name.slice("Checksum".length).toLowerCase(), value);
  }
  return { partNumber: Number(number), etag: etag.replaceAll('"', ""), checksums };
}

function unescapeText(value: string): string {
  return value.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}

/**
 * Replaces secrets by `***`, in the forms in which the real runner knows them
 * (actions/runner, src/Runner.Common/HostContext.cs and src/Sdk/DTLogging/Logging/ValueEncoders.cs).
 */
export class SecretMasker {
  #originals = new Set<string>();
  #values = new Set<string>();

  /** Registers a value in all its forms. An empty value is ignored. */
  add(value: string): void {
    if (value === "" || this.#originals.has(value)) return;
    this.#originals.add(value);
    for (const form of [value, ...encoders.map((encode) => encode(value))]) if (form !== "") this.#values.add(form);
  }

  /** Registers a value whole and line by line, as the runner does with secrets and `add-mask`. */
  addLines(value: string): void {
    this.add(value);
    for (const line of value.split(/[\r\n]/)) this.add(line.trim());
  }

  mask(text: string): string {
    let masked = "";
    let end = 0;
    for (const range of this.#ranges(text)) {
      masked += `${text.slice(end, range.start)}***`;
      end = range.end;
    }
    return masked + text.slice(end);
  }

  /** Where secrets stand, in order; overlapping and touching ones joined. */
  #ranges(text: string): Range[] {
    const joined: Range[] = [];
    for (const found of this.#occurrences(text).sort((a, b) => a.start - b.start)) {
      const last = joined.at(-1);
      if (last && found.start <= last.end) last.end = Math.max(last.end, found.end);
      else joined.push(found);
    }
    return joined;
  }

  #occurrences(text: string): Range[] {
    const found: Range[] = [];
    for (const value of this.#values) {
      for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + 1)) {
        found.push({ start, end: start + value.length });
      }
    }
    return found;
  }
}

type Range = { start: number; end: number };

const encoders: ((value: string) => string)[] = [
  (value) => base64(value, 0),
  (value) => base64(value, 1),
  (value) => base64(value, 2),
  (value) => value.replaceAll('"', '\\"'),
  (value) => value.replaceAll("'", "''"),
  escapeJson,
  escapeUri,
  escapeXml,
  (value) => (/^"[^]{7,}"$/.test(value) ? value.slice(1, -1) : ""),
  beforeAmpersand,
  afterAmpersand,
];

/** Base64 of the value without its first bytes: what a prefix of that length leaves of the secret in a longer text. */
function base64(value: string, shift: number): string {
  const bytes = Buffer.from(value);
  return bytes.subarray(bytes.length > shift ? shift : 0).toString("base64");
}

function escapeJson(value: string): string {
  const escaped = JSON.stringify(value).slice(1, -1);
  return escaped.replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function escapeUri(value: string): string {
  const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, hex);
}

function escapeXml(value: string): string {
  const names: Record<string, string> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
  return value.replace(/[&<>"']/g, (char) => `&${names[char]};`);
}

/** PowerShell prints a secret with an ampersand in two pieces, the second one without its coloured first letter. */
function beforeAmpersand(value: string): string {
  const plus = value.indexOf("&+");
  const end = plus >= 0 ? plus + 2 : value.lastIndexOf("&") + 1;
  return end >= 6 ? value.slice(0, end) : "";
}

function afterAmpersand(value: string): string {
  const plus = value.indexOf("&+");
  if (plus < 0 && !value.includes("&")) return "";
  const rest = plus >= 0 ? value.slice(plus + 3) : value.slice(value.lastIndexOf("&") + 1);
  return rest.length >= 6 ? rest : "";
}

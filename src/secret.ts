import { inspect } from "node:util";

const hidden = "***";

/** A value that prints as `***` however it is printed: in a template, as JSON, or inspected. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: for the one call that needs it, never for a string that could be kept. */
  reveal(): string {
    return this.#value;
  }

  get isEmpty(): boolean {
    return this.#value === "";
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}

/** Shorter fragments would also blank ordinary words of the log. */
const shortestMaskedLength = 4;

/**
 * Every spelling of a secret that may appear in a log: as given, percent-decoded, percent-encoded, and as a Basic or Bearer
 * credential. The Actions runner masks whole values and base64 of them, not decoded or re-encoded parts
 * (runner source, SecretMasker).
 */
export function derivedForms(value: string): string[] {
  const decoded = safelyDecoded(value);
  const forms = new Set([value, value.trim(), decoded, encodeURIComponent(decoded.toWellFormed())]);
  for (const form of Array.from(forms)) {
    forms.add(Buffer.from(form).toString("base64"));
    for (const offset of [0, 1, 2]) {
      const within = base64Within(form, offset);
      // Few characters of base64 are found in any text.
      if (within.length >= 8) forms.add(within);
    }
    forms.add(Buffer.from(`:${form}`).toString("base64"));
    forms.add(JSON.stringify(form).slice(1, -1));
  }
  return [...forms].filter((form) => form.length >= shortestMaskedLength && form.trim() !== "");
}

/** What every base64 text shows of this one where it stands `offset` bytes after the start of a group of three. */
function base64Within(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const wholeGroups = bytes.subarray(0, bytes.length - (bytes.length % 3));
  return wholeGroups.toString("base64").slice(offset === 0 ? 0 : 4);
}

function safelyDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Query parameters of presigned URLs that grant access (S3's, Google's and Azure's). */
const signedParameter =
  /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-(?:Signature|Credential)|Signature|sig|AWSAccessKeyId)=)[^&\s"'<>]+/giu;
/** Up to the last `@`: a password may hold one that nobody encoded. */
const urlPassword = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*):[^\s"']+@/giu;
const bearerToken = /\b(Bearer|Basic)\s+[\w+/=.~-]{8,}/giu;
/** Heroku keys (`HRKU-…`) and Aiven passwords (`AVNS_…`) are recognisable by their prefix. */
const prefixedToken = /\b(HRKU-|AVNS_)[\w-]{6,}/gu;

/** Blanks what has the shape of a credential in a text that came from elsewhere. The last line of defence, not the first. */
export function redact(text: string): string {
  return text
    .replaceAll(signedParameter, `$1${hidden}`)
    .replaceAll(urlPassword, `$1:${hidden}@`)
    .replaceAll(bearerToken, `$1 ${hidden}`)
    .replaceAll(prefixedToken, `$1${hidden}`);
}

/** Blanks known secrets, whichever form they take, and then whatever looks like one. */
export function redactAll(text: string, secrets: readonly Secret[]): string {
  let result = text;
  const forms = secrets.flatMap((secret) => derivedForms(secret.reveal())).toSorted((a, b) => b.length - a.length);
  for (const form of forms) result = result.replaceAll(form, hidden);
  return redact(result);
}

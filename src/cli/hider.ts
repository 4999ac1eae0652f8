import type { Inputs } from "../inputs/inputs.ts";
import { type Secret, redactAll } from "../secret.ts";

interface Hider {
  /** The text without any secret that is known so far, and without what looks like one. */
  hide: (text: string) => string;
  learn: (secret: Secret) => void;
}

/** No runner masks what the command line prints, so it does that itself. */
export function createHider({ source, heroku, bucket }: Inputs): Hider {
  const { secretAccessKey, sessionToken } = bucket.credentials ?? {};
  const given = [source.password, source.tls.clientKey, heroku.apiKey, secretAccessKey, sessionToken];
  const secrets = given.filter((secret) => secret?.isEmpty === false) as Secret[];
  return { hide: (text) => redactAll(text, secrets), learn: (secret) => void secrets.push(secret) };
}

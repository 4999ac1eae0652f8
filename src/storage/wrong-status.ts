import { MigrationError } from "../errors.ts";

/** The cause carries the status, by which the retry table tells an overloaded store from a refusal. */
export function wrongStatus(name: string, status: number, expected: string): MigrationError {
  const isRefused = status === 401 || status === 403 || status === 400;
  const cause = Object.assign(new Error(`status ${status}`), { statusCode: status });
  return new MigrationError(
    `The presigned URL of ${name} answered ${status} where Heroku's download needs ${expected}.`,
    {
      code: isRefused ? "URL_REFUSED" : "URL_STATUS",
      hint: isRefused
        ? "The URL has expired, the key that signed it may not read (s3:GetObject), or a policy of the bucket shuts the public network out."
        : "The store or a proxy before it does not serve the object as Heroku needs it.",
      cause,
    },
  );
}

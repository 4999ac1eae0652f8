/** What one request is answered with. `body` is sent as JSON, `text` as it is. */
export type Answer = {
  status: number;
  body?: unknown;
  text?: string;
  headers?: Record<string, string>;
};

/** A refusal in Heroku's shape: `{"id": …, "message": …}`, with more fields where Heroku has them. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;

  constructor(status: number, id: string, message: string, more: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.body = { id, message, ...more };
  }
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

export function unauthorized(): Refusal {
  return new Refusal(401, "unauthorized", "Invalid credentials provided.");
}

export function notFound(what: string): Refusal {
  return new Refusal(404, "not_found", `Couldn't find that ${what}.`, { resource: what });
}

export function invalidParams(message: string): Refusal {
  return new Refusal(422, "invalid_params", message);
}

export function unknownEndpoint(): Refusal {
  return new Refusal(
    404,
    "not_found",
    "The requested API endpoint was not found. Check the verb, the path and Accept.",
  );
}

/** Platform API times: ISO 8601 without fractions. */
export function platformTime(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Data API times: `2017-08-31 10:28:08 +0000`. */
export function dataTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} +0000`;
}

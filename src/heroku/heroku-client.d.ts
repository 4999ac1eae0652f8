/** heroku-client 3.1.4 has no types. Only what is used here is declared; read in its `lib/request.js`. */
declare module "heroku-client/lib/request.js" {
  import type { ClientRequest, IncomingMessage } from "node:http";

  export interface RequestOptions {
    /** Base URL; its path is ignored. */
    host: string;
    method: string;
    path: string;
    /** Sent as JSON. */
    body?: unknown;
    headers: Record<string, string>;
    userAgent?: string;
  }

  /** One call, answered with the parsed body; pages of a list are put together. Its own retries go by `isRetryAllowed`. */
  export default class Request {
    constructor(options: RequestOptions);
    options: RequestOptions;
    request(): Promise<unknown>;
    /** Settles the promise of `request`. */
    reject(error: unknown): void;
    handleResponse(response: IncomingMessage): void;
    handleSuccess(response: IncomingMessage, text: string): void;
    handleFailure(response: IncomingMessage, text: string): void;
    isRetryAllowed(error: unknown): boolean;
    /** Called with each request before it is sent. */
    setRequestTimeout(request: ClientRequest): void;
  }
}

import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Secret } from "../secret.ts";
import { type ReadAsHerokuOptions, readAsHeroku } from "./ranged-reader.ts";

const content = Buffer.alloc(6 * 1024 ** 2, "0123456789");
const policy = { tries: 2, baseMs: 1, capMs: 1 };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Answering {
  plain?: (response: ServerResponse) => void;
  ranged?: (response: ServerResponse, start: number, end: number) => void;
}

/** A store that is right, except where the test says otherwise. */
async function startStore({ plain, ranged }: Answering): Promise<Secret> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const match = /bytes=(\d+)-(\d+)/u.exec(request.headers.range ?? "");
    if (match) (ranged ?? sendRange)(response, Number(match[1]), Number(match[2]));
    else (plain ?? sendPlain)(response);
  };
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close().closeAllConnections());
  return new Secret(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.dump?X-Amz-Signature=0011223344`);
}

function sendPlain(response: ServerResponse): void {
  response.writeHead(200, { "content-length": content.length, etag: '"1"' }).end(content);
}

function sendRange(response: ServerResponse, start: number, end: number): void {
  const headers = { "content-range": `bytes ${start}-${end}/${content.length}`, etag: '"1"' };
  response.writeHead(206, headers).end(content.subarray(start, end + 1));
}

async function readAll(url: Secret, options: Partial<ReadAsHerokuOptions> = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readAsHeroku(url, { bytes: content.length, policy, ...options })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("readAsHeroku", () => {
  test("reads what a right store serves", async () => {
    const url = await startStore({});
    expect((await readAll(url, { rangeBytes: 1_000_003 })).equals(content)).toBe(true);
  });

  const refused: [string, Answering, string][] = [
    ["a status other than 200", { plain: (response) => response.writeHead(204).end() }, "URL_STATUS"],
    [
      "a refusal",
      { plain: (response) => response.writeHead(403).end("<Error>X-Amz-Signature=0011223344</Error>") },
      "URL_REFUSED",
    ],
    [
      "an encoded body",
      { plain: (response) => response.writeHead(200, { "content-encoding": "gzip", "content-length": 3 }).end("abc") },
      "ARCHIVE_ENCODED",
    ],
    ["no Content-Length", { plain: (response) => response.writeHead(200).end(content) }, "ARCHIVE_LENGTH"],
    ["a range answered 200", { ranged: (response) => sendPlain(response) }, "URL_STATUS"],
    [
      "another range than asked for",
      { ranged: (response, start, end) => sendRange(response, start + 1, end) },
      "URL_RANGE",
    ],
    [
      "an object that was replaced meanwhile",
      {
        ranged: (response, start, end) =>
          response.writeHead(206, { "content-range": `bytes ${start}-${end}/${content.length}`, etag: '"2"' }).end(),
      },
      "URL_RANGE",
    ],
  ];
  test.each(refused)("refuses %s", async (_name, answering, code) => {
    await expect(readAll(await startStore(answering))).rejects.toMatchObject({ code });
  });

  test("gives up on a store that is not there, without naming the URL", async () => {
    const url = await startStore({});
    for (const close of closing.splice(0)) close();
    const failure = await readAll(url).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: "GAVE_UP" });
    expect(JSON.stringify(failure) + (failure as Error).stack + String((failure as Error).cause)).not.toContain(
      "0011223344",
    );
  });

  test("does not quote a URL that is none", async () => {
    const failure = (await readAll(new Secret("nonsense?X-Amz-Signature=0011223344")).catch(
      (error: unknown) => error,
    )) as Error;
    expect(failure.message).toContain("the URL is not valid");
    expect(String(failure.stack)).not.toContain("0011223344");
  });
});

import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultEffect } from './faults.ts';
import type { Reply } from './replies.ts';

const TRICKLE_MS = 25;
const CHUNK_BYTES = 65_536;

const writeHead = (response: ServerResponse, reply: Reply): void => {
  for (const [name, value] of Object.entries(reply.headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  response.writeHead(reply.status, reply.body === null ? {} : { 'Content-Type': reply.contentType });
};

const bytesOf = ({ body }: Reply): Buffer => Buffer.from(body ?? '');

const send = (response: ServerResponse, reply: Reply): void => {
  const bytes = bytesOf(reply);
  if (reply.status !== 204) response.setHeader('Content-Length', bytes.length);
  writeHead(response, reply);
  response.end(reply.body === null ? undefined : bytes);
};

const sendInUtf16 = (response: ServerResponse, reply: Reply): void => {
  const body = Buffer.from(bytesOf(reply).toString(), 'utf16le');
  if (reply.body !== null) response.setHeader('Content-Length', body.length);
  writeHead(response, { ...reply, contentType: 'application/json; charset=utf-16' });
  response.end(body);
};

const withBody = (reply: Reply, body: string | Uint8Array): Reply => ({
  ...reply,
  body,
  status: reply.status === 204 ? 200 : reply.status,
});

/** Sends less than its `Content-Length`. */
const cutOff = (response: ServerResponse, reply: Reply): void => {
  const body = bytesOf(reply);
  response.setHeader('Content-Length', body.length + 1);
  writeHead(response, withBody(reply, body));
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy());
  response.flushHeaders();
};

/** Endless white space, which is well-formed JSON so far. */
async function* trickle(signal: AbortSignal): AsyncGenerator<string> {
  for (;;) {
    yield ' ';
    await sleep(TRICKLE_MS, undefined, { signal });
  }
}

function* longString(bytes: number): Generator<string> {
  yield '"';
  for (let left = bytes - 2; left > 0; left -= CHUNK_BYTES) yield 'x'.repeat(Math.min(left, CHUNK_BYTES));
  yield '"';
}

/** Streams until the end or until the caller closes the connection. */
const stream = async (
  response: ServerResponse,
  reply: Reply,
  chunks: (signal: AbortSignal) => Iterable<string> | AsyncIterable<string>,
): Promise<void> => {
  const hungUp = new AbortController();
  response.once('close', () => hungUp.abort());
  writeHead(response, withBody(reply, ''));
  await pipeline(Readable.from(chunks(hungUp.signal), { objectMode: false }), response).catch(() => undefined);
};

const loginPage = (reply: Reply): Reply => ({
  ...reply,
  status: 200,
  contentType: 'text/html',
  body: '<!DOCTYPE html><html><body><form>Sign in to continue</form></body></html>',
});

/** Writes the response, modified by the fault. */
export const deliver = async (
  response: ServerResponse,
  reply: Reply,
  fault: FaultEffect | undefined,
): Promise<void> => {
  switch (fault?.type) {
    case 'reset':
      response.destroy();
      return;
    case 'cut-off':
      return cutOff(response, reply);
    case 'endless':
      return stream(response, reply, trickle);
    case 'huge':
      return stream(response, reply, () => longString(fault.bytes));
    case 'malformed':
      return send(response, withBody(reply, '{"RequestID": 12'));
    case 'wrong-content-type':
      return send(response, loginPage(reply));
    case 'wrong-shape':
      return send(response, withBody(reply, JSON.stringify(fault.value ?? { Unexpected: [true] })));
    case 'wrong-charset':
      return sendInUtf16(response, reply);
    default:
      return send(response, reply);
  }
};

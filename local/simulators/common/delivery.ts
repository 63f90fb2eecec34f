import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommonFault } from './faults.ts';
import type { Reply } from './replies.ts';

const TRICKLE_MS = 25;
const CHUNK_BYTES = 65_536;
const LOGIN_PAGE = '<!DOCTYPE html><html><body><form>Sign in to continue</form></body></html>';

const writeHead = (response: ServerResponse, { status, headers, body, contentType }: Reply): void => {
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  response.writeHead(status, body === null ? {} : { 'Content-Type': contentType });
};

const bytesOf = ({ body }: Reply): Buffer => Buffer.from(body ?? '');

/** Sends a response. Node leaves out the body of those to `HEAD`. */
const send = (response: ServerResponse, reply: Reply): void => {
  const bytes = bytesOf(reply);
  if (reply.status !== 204) response.setHeader('Content-Length', bytes.length);
  writeHead(response, reply);
  response.end(bytes);
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

const sendInUtf16 = (response: ServerResponse, reply: Reply): void => {
  const body = Buffer.from(bytesOf(reply).toString(), 'utf16le');
  response.setHeader('Content-Length', body.length);
  writeHead(response, { ...withBody(reply, ''), contentType: `${reply.contentType.split(';')[0]}; charset=utf-16` });
  response.end(body);
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

/** The site's own forms of damaged bodies. */
interface Damage {
  readonly malformed: (body: string) => string;
  /** Default of `wrong-shape`. */
  readonly otherShape: unknown;
}

/** Writes the response, modified by the fault. */
export const deliverTo = async (
  response: ServerResponse,
  reply: Reply,
  fault: CommonFault | undefined,
  damage: Damage,
): Promise<void> => {
  switch (fault?.type) {
    case 'reset':
      response.destroy();
      return;
    case 'cut-off':
      return cutOff(response, reply);
    case 'malformed':
      return send(response, withBody(reply, damage.malformed(bytesOf(reply).toString())));
    case 'wrong-content-type':
      return send(response, { ...reply, status: 200, contentType: 'text/html', body: LOGIN_PAGE });
    case 'wrong-shape':
      return send(response, withBody(reply, JSON.stringify(fault.value ?? damage.otherShape)));
    case 'wrong-charset':
      return sendInUtf16(response, reply);
    case 'endless':
      return stream(response, reply, trickle);
    case 'huge':
      return stream(response, reply, () => longString(fault.bytes));
    default:
      return send(response, reply);
  }
};

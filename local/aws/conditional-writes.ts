import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from './server.ts';

/** Returns the ETag of an object, by the path of its URL; undefined if it does not exist. */
export type EtagOf = (path: string) => Promise<string | undefined>;

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const CREATED_ONCE: Refusal = { status: 412, code: 'PreconditionFailed', message: 'An object with this key exists.' };
const CHANGED: Refusal = { status: 412, code: 'PreconditionFailed', message: 'The object has another ETag.' };
const MISSING: Refusal = { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' };
const UNSUPPORTED: Refusal = {
  status: 501,
  code: 'NotImplemented',
  message: 'Local mode supports only If-None-Match: * and If-Match with one ETag.',
};

/** Decides on a conditional write for an object with this ETag. */
const refusalOf = ({ headers }: IncomingMessage, etag: string | undefined): Refusal | undefined => {
  if (headers['if-none-match'] === '*') return etag === undefined ? undefined : CREATED_ONCE;
  if (etag === undefined) return MISSING;
  return headers['if-match'] === etag ? undefined : CHANGED;
};

const isSupported = ({ headers }: IncomingMessage): boolean =>
  headers['if-none-match'] === undefined
    ? /^"[^"]+"$/.test(headers['if-match'] ?? '')
    : headers['if-none-match'] === '*' && headers['if-match'] === undefined;

const refuse = (response: ServerResponse, { status, code, message }: Refusal): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
};

/**
 * Adds the conditions `If-None-Match: *` and `If-Match: "<ETag>"` to S3 writes, which the underlying emulator ignores.
 * Writes to the same key are serialised, so that only the first of several concurrent writes succeeds. Other conditions
 * are rejected.
 *
 * Source: S3 user guide, "How to prevent object overwrites with conditional writes".
 */
export const withConditionalWrites = (service: Service, etagOf: EtagOf): Service => {
  const turns = new Map<string, Promise<unknown>>();

  const write: Service = async (request, response, call) => {
    const refusal = refusalOf(request, await etagOf(pathOf(request)));
    if (refusal !== undefined) return refuse(response, refusal);
    const written = once(response, 'close');
    await service(request, response, call);
    await written;
  };

  return async (request, response, call) => {
    const isConditional = ['if-match', 'if-none-match'].some((header) => header in request.headers);
    if (request.method !== 'PUT' || !isConditional) return service(request, response, call);
    if (!isSupported(request)) return refuse(response, UNSUPPORTED);
    const key = pathOf(request);
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => write(request, response, call));
    const done = turn.catch(() => undefined);
    turns.set(key, done);
    await turn;
    if (turns.get(key) === done) turns.delete(key);
  };
};

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/';

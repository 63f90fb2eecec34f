import type { IncomingMessage } from 'node:http';
import { readBody, splitUrl } from '../common/calls.ts';

/** A large import has tens of thousands of members. */
const MAX_BODY_BYTES = 33_554_432;

/** A received call. */
export interface Call {
  readonly method: string;
  /** Path as the caller wrote it, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export const readCall = async (request: IncomingMessage): Promise<Call> => {
  const body = await readBody(request, MAX_BODY_BYTES);
  const { path, search } = splitUrl(request);
  return {
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    headers: request.headers,
    body,
  };
};

import type { IncomingMessage } from 'node:http';
import { readBody, splitUrl } from '../common/calls.ts';

/** A received call. */
export interface Call {
  readonly method: string;
  /** Path as the caller wrote it, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** `https://host:port`, as the caller addressed the site. */
  readonly origin: string;
  readonly body: string;
}

export const readCall = async (request: IncomingMessage): Promise<Call> => {
  const body = await readBody(request);
  const { path, search } = splitUrl(request);
  return {
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    headers: request.headers,
    origin: `https://${request.headers.host ?? 'localhost'}`,
    body,
  };
};

/** True for the ids of all resources, as text. */
export const isId = (text: string): boolean =>
  /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= 2_147_483_647;

import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 1_048_576;

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

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) request.socket.destroy();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

export const readCall = async (request: IncomingMessage): Promise<Call> => {
  const body = await readBody(request);
  const [path = '', search = ''] = (request.url ?? '').split(/\?(.*)/s);
  return {
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    headers: request.headers,
    origin: `https://${request.headers.host ?? 'localhost'}`,
    body,
  };
};

/** Parses a body without regard to its `Content-Type`, which clients in use do not send. */
export const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** True for the ids of all resources, as text. */
export const isId = (text: string): boolean =>
  /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= 2_147_483_647;

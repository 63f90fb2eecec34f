import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 1_048_576;

/** Reads a body as text. Drops the connection of a longer one. */
export const readBody = async (request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBytes) request.socket.destroy();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Path as the caller wrote it, and the text of the query. */
export const splitUrl = ({ url = '' }: IncomingMessage): { readonly path: string; readonly search: string } => {
  const [path = '', search = ''] = url.split(/\?(.*)/s);
  return { path, search };
};

/** The value of a JSON text, whatever its `Content-Type`. Undefined if it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

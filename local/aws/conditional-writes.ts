import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObjectExists } from './permissions/needs.ts';
import type { Service } from './server.ts';

const isCreation = ({ method, headers }: IncomingMessage): boolean =>
  method === 'PUT' && headers['if-none-match'] === '*';

const refuse = (response: ServerResponse, status: number, code: string, message: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
};

/**
 * Adds `If-None-Match: *` to S3 writes, which the underlying emulator ignores. Writes to the same key are serialised,
 * so that only the first of several concurrent writes succeeds. Other conditions are rejected.
 *
 * Source: S3 user guide, "How to prevent object overwrites with conditional writes".
 */
export const withConditionalWrites = (service: Service, objectExists: ObjectExists): Service => {
  const turns = new Map<string, Promise<unknown>>();

  const create: Service = async (request, response, call) => {
    if (await objectExists(request.url?.split('?')[0] ?? '/')) {
      return refuse(response, 412, 'PreconditionFailed', 'An object with this key exists.');
    }
    const written = once(response, 'close');
    await service(request, response, call);
    await written;
  };

  return async (request, response, call) => {
    const isConditional = ['if-match', 'if-none-match'].some((header) => header in request.headers);
    if (request.method !== 'PUT' || !isConditional) return service(request, response, call);
    if (!isCreation(request))
      return refuse(response, 501, 'NotImplemented', 'Local mode supports only If-None-Match: *.');
    const key = request.url?.split('?')[0] ?? '/';
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => create(request, response, call));
    const done = turn.catch(() => undefined);
    turns.set(key, done);
    await turn;
    if (turns.get(key) === done) turns.delete(key);
  };
};

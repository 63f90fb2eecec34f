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
 * Lets writes to S3 that may only create do so, where the emulator beneath overwrites: one at a time for each key, so that of
 * many at once the first one alone succeeds. Other conditions are refused.
 *
 * Source: S3 user guide, "How to prevent object overwrites with conditional writes".
 */
export const withConditionalWrites = (service: Service, objectExists: ObjectExists): Service => {
  const turns = new Map<string, Promise<unknown>>();

  const create: Service = async (request, response, call) => {
    if (await objectExists(request.url?.split('?')[0] ?? '/')) {
      return refuse(response, 412, 'PreconditionFailed', 'There is an object of this key.');
    }
    const written = once(response, 'close');
    await service(request, response, call);
    await written;
  };

  return async (request, response, call) => {
    const isConditional = ['if-match', 'if-none-match'].some((header) => header in request.headers);
    if (request.method !== 'PUT' || !isConditional) return service(request, response, call);
    if (!isCreation(request)) return refuse(response, 501, 'NotImplemented', 'No writes on this condition.');
    const key = request.url?.split('?')[0] ?? '/';
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => create(request, response, call));
    const done = turn.catch(() => undefined);
    turns.set(key, done);
    await turn;
    if (turns.get(key) === done) turns.delete(key);
  };
};

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from './server.ts';

/** Returns the ETag of the object at `/<bucket>/<key>`, or undefined if there is none. */
export type EtagOf = (path: string) => Promise<string | undefined>;

/** Refusal of a conditional write or deletion: status, error code and message. */
type Refusal = readonly [status: number, code: string, message: string];

const FAILED = [412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'] as const;
const MISSING = [404, 'NoSuchKey', 'The specified key does not exist.'] as const;
const UNSUPPORTED = [
  501,
  'NotImplemented',
  'Local mode supports If-None-Match: * for writes, and If-Match with an ETag for writes and deletions.',
] as const;

const refuseS3 = (response: ServerResponse, status: number, code: string, message: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
};

/** True if the object must not change while another write to it is decided. */
const isWrite = ({ method }: IncomingMessage): boolean => method === 'PUT' || method === 'DELETE';

/**
 * Adds conditions to S3 writes, which the underlying emulator ignores: `If-None-Match: *`, and `If-Match` with an ETag,
 * also for deletions. Other conditions are rejected. Writes to the same key are serialised, so that exactly one of
 * several concurrent writes with the same condition succeeds. S3 could also answer the others with 409
 * ConditionalRequestConflict. An ETag is the digest of the content: after a write of equal content, `If-Match` with the
 * earlier ETag still succeeds.
 *
 * Source: S3 user guide, "How to prevent object overwrites with conditional writes" and "How to perform conditional
 * deletes".
 */
export const withConditionalWrites = (service: Service, etagOf: EtagOf): Service => {
  const turns = new Map<string, Promise<unknown>>();

  const write: Service = async (request, response, call) => {
    const refusal = await refusalOf(request, etagOf);
    if (refusal !== undefined) return refuseS3(response, ...refusal);
    const written = once(response, 'close');
    await service(request, response, call);
    await written;
  };

  return async (request, response, call) => {
    if (!isWrite(request)) return service(request, response, call);
    const key = pathOf(request);
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => write(request, response, call));
    const done = turn.catch(() => undefined);
    turns.set(key, done);
    try {
      await turn;
    } finally {
      if (turns.get(key) === done) turns.delete(key);
    }
  };
};

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/';

const refusalOf = async (request: IncomingMessage, etagOf: EtagOf): Promise<Refusal | undefined> => {
  const { 'if-match': wanted, 'if-none-match': unwanted } = request.headers;
  if (wanted === undefined && unwanted === undefined) return undefined;
  const isSupported =
    wanted === undefined ? request.method === 'PUT' && unwanted === '*' : isWrite(request) && isEtag(wanted);
  if (!isSupported || (wanted !== undefined && unwanted !== undefined)) return UNSUPPORTED;
  const current = await etagOf(pathOf(request));
  if (wanted === undefined) return current === undefined ? undefined : FAILED;
  if (current === undefined) return MISSING;
  return bare(current) === bare(wanted) ? undefined : FAILED;
};

const isEtag = (value: string): boolean => /^"?[\w-]+"?$/.test(value);

/** Removes the quotes, which clients may omit. */
const bare = (etag: string): string => etag.replaceAll('"', '');

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { ServiceError } from './service-error.ts';

/** Performs an action and returns the body of the response, or throws a ServiceError. */
export type Handle = (action: string, body: unknown, caller?: string, region?: string) => Record<string, unknown>;

export interface ProtocolRequest {
  readonly method: string | undefined;
  /** Header names are in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ProtocolAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const CREDENTIAL = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/[^/]*\/([\w-]+)\//;
const BODY_LIMIT_BYTES = 1_048_576;

/**
 * Adapter for Node's HTTP server. `target` is the service in the header `x-amz-target`. An injected connection loss, or
 * a defect, closes the connection.
 */
export const httpAdapter =
  (target: string, handle: Handle) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await readBody(request);
      const answer = answerRequest(target, handle, { method: request.method, headers: request.headers, body });
      response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
      response.end(answer.body);
    } catch {
      request.socket.destroy();
    }
  };

/** AWS's JSON 1.1 protocol. A signature is required but not verified. Errors other than ServiceError are rethrown. */
export const answerRequest = (target: string, handle: Handle, request: ProtocolRequest): ProtocolAnswer => {
  try {
    const { caller, region } = callerOf(request);
    return toAnswer(200, handle(actionOf(target, request), parseBody(request.body), caller, region));
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    const answer = toAnswer(thrown.status, { __type: thrown.code, Message: thrown.message });
    return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': thrown.code } };
  }
};

const callerOf = ({ headers }: ProtocolRequest): { readonly caller: string; readonly region: string } => {
  const [, caller, region] = CREDENTIAL.exec(headers.authorization ?? '') ?? [];
  if (caller !== undefined && region !== undefined) return { caller, region };
  throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
};

const actionOf = (target: string, { method, headers }: ProtocolRequest): string => {
  const [service, action] = String(headers['x-amz-target']).split('.');
  if (method === 'POST' && service === target && action !== undefined) return action;
  throw new ServiceError('UnknownOperationException', `Send a POST with x-amz-target: ${target}.<Action>.`);
};

const parseBody = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw new ServiceError('SerializationException', 'The body is not JSON.');
  }
};

const toAnswer = (status: number, body: Record<string, unknown>): ProtocolAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
  body: JSON.stringify(body),
});

const readBody = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT_BYTES) reject(new Error('The request is larger than any of the service.'));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServiceError } from './errors.ts';

type Handle = (action: string, body: unknown, caller?: string) => Record<string, unknown>;

const TARGET = /^secretsmanager\.(\w+)$/;
const CREDENTIAL = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//;
const BODY_LIMIT_BYTES = 1_048_576;

/** AWS's JSON 1.1 protocol around {@link Handle}. The signature has to be there; it is not checked. */
export const httpAdapter =
  (handle: Handle) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const caller = callerOf(request);
      const action = actionOf(request);
      send(response, 200, handle(action, await readJson(request), caller));
    } catch (thrown) {
      if (thrown instanceof ServiceError) sendError(response, thrown);
      else request.socket.destroy();
    }
  };

const callerOf = (request: IncomingMessage): string => {
  const caller = CREDENTIAL.exec(request.headers.authorization ?? '')?.[1];
  if (caller !== undefined) return caller;
  throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
};

const actionOf = (request: IncomingMessage): string => {
  const action = TARGET.exec(String(request.headers['x-amz-target']))?.[1];
  if (request.method === 'POST' && action !== undefined) return action;
  throw new ServiceError('UnknownOperationException', 'Send a POST with x-amz-target: secretsmanager.<Action>.');
};

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new ServiceError('RequestEntityTooLargeException', 'Too large', 413);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new ServiceError('SerializationException', 'The body is not JSON.');
  }
};

const sendError = (response: ServerResponse, error: ServiceError): void => {
  response.setHeader('x-amzn-errortype', error.code);
  send(response, error.status, { __type: error.code, Message: error.message });
};

const send = (response: ServerResponse, status: number, body: Record<string, unknown>): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
};

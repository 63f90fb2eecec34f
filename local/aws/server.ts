import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { buildApp } from 'fauxqs';
import { type AwsCall, callOf } from './calls.ts';
import { LOCAL_REGION } from './environment.ts';

/** Answers one request that was addressed to one service. */
export type Service = (request: IncomingMessage, response: ServerResponse, call: AwsCall) => Promise<void>;

/** The one address that plays AWS. */
export interface AwsServer {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** How often each action was called, as `service.Action`. */
  callCounts(): Readonly<Record<string, number>>;
  /** Calls that nothing here knows how to answer: each is a defect of local mode or of the caller. */
  readonly unknownCalls: readonly AwsCall[];
  /** Brings a service in; whoever calls it earlier is refused. */
  serve(service: string, answer: Service): void;
  /** All messages that lie in a queue, as text. */
  queueContent(name: string): Promise<string>;
  close(): Promise<void>;
}

export const startAwsServer = async (port = 0): Promise<AwsServer> => {
  const fauxqs = buildApp({ logger: false, defaultRegion: LOCAL_REGION });
  await fauxqs.ready();
  const emulated: Service = async (request, response) => fauxqs.routing(request, response);
  const services = new Map<string, Service>([
    ['s3', refuseConditionalWrites(emulated)],
    ['sqs', emulated],
    ['sns', emulated],
  ]);
  const counts: Record<string, number> = {};
  const unknownCalls: AwsCall[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const call = callOf(request);
    if (call === undefined)
      return refuse(response, 403, 'MissingAuthenticationToken', 'Local mode takes signed calls only.');
    const name = `${call.service}.${call.action}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const service = services.get(call.service);
    if (service !== undefined) return service(request, response, call);
    unknownCalls.push(call);
    return refuse(response, 400, 'UnknownOperationException', `Local mode has no service ${call.service}.`);
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    // Whoever hung up wants no answer; anything else is a defect, and shows as a dead connection.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The AWS side has no port.');

  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    callCounts: () => ({ ...counts }),
    unknownCalls,
    serve: (service, handle) => void services.set(service, handle),
    async queueContent(name) {
      return (await fauxqs.inject({ method: 'GET', url: `/_fauxqs/queues/${name}` })).body;
    },
    async close() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
      await fauxqs.close();
    },
  };
};

/** Ends a call the way every AWS service with a JSON protocol does. */
export const refuse = (response: ServerResponse, status: number, code: string, message: string): void =>
  sendJson(response, status, { __type: code, message });

export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
};

export const readBody = (request: IncomingMessage): Promise<string> => text(request);

/** The emulator would overwrite where S3 refuses. */
const refuseConditionalWrites =
  (service: Service): Service =>
  async (request, response, call) => {
    const isConditional = ['if-match', 'if-none-match'].some((header) => header in request.headers);
    if (request.method === 'PUT' && isConditional)
      return refuse(response, 501, 'NotImplemented', 'No conditional writes.');
    return service(request, response, call);
  };

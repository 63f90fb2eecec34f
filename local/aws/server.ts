import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buildApp } from 'fauxqs';
import { type AwsCall, callOf } from './calls.ts';
import { withConditionalWrites } from './conditional-writes.ts';
import { LOCAL_REGION } from './environment.ts';
import type { ObjectExists } from './permissions/needs.ts';
import { createSenders } from './senders.ts';

/** Answers one request that was addressed to one service. */
export type Service = (request: IncomingMessage, response: ServerResponse, call: AwsCall) => Promise<void>;

/** Why a call is refused; undefined when its caller may make it. */
type Guard = (call: AwsCall, request: IncomingMessage) => Promise<string | undefined>;

/** The one address that plays AWS. */
export interface AwsServer {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** How often each action was called, as `service.Action`. */
  callCounts(): Readonly<Record<string, number>>;
  /** Calls that nothing here knows how to answer: each is a defect of local mode or of the caller. */
  readonly unknownCalls: readonly Omit<AwsCall, 'body'>[];
  /** Brings a service in; whoever calls it earlier is refused. */
  serve(service: string, answer: Service): void;
  /** From now on the guard is asked before any service is. */
  guard(guard: Guard): void;
  readonly objectExists: ObjectExists;
  /** All messages that lie in a queue, as text. */
  queueContent(name: string): Promise<string>;
  close(): Promise<void>;
}

/** @param now Epoch milliseconds, for the date of each answer: by another date than its own, the SDK corrects its clock and repeats what was refused. */
export const startAwsServer = async (port = 0, now: () => number = Date.now): Promise<AwsServer> => {
  const fauxqs = buildApp({ logger: false, defaultRegion: LOCAL_REGION });
  await fauxqs.ready();
  const objectExists: ObjectExists = async (url) => (await fauxqs.inject({ method: 'HEAD', url })).statusCode === 200;
  const services = new Map<string, Service>([
    ['s3', withConditionalWrites(async (request, response) => fauxqs.routing(request, response), objectExists)],
    ['sqs', readFirst(fauxqs, createSenders())],
    ['sns', readFirst(fauxqs)],
  ]);
  let guard: Guard = async () => undefined;
  const counts: Record<string, number> = {};
  const unknownCalls: Omit<AwsCall, 'body'>[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const call = callOf(request);
    if (call === undefined)
      return refuse(response, 403, 'MissingAuthenticationToken', 'Local mode takes signed calls only.');
    const name = `${call.service}.${call.action}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const service = services.get(call.service);
    if (service !== undefined) {
      const denial = await guard(call, request);
      return denial === undefined ? service(request, response, call) : deny(response, call, denial);
    }
    const { body: _, ...unknown } = call;
    unknownCalls.push(unknown);
    return refuse(response, 400, 'UnknownOperationException', `Local mode has no service ${call.service}.`);
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.sendDate = false;
    response.setHeader('Date', new Date(now()).toUTCString());
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
    guard: (wanted) => {
      guard = wanted;
    },
    objectExists,
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

/** As each protocol says it: S3 and SNS in XML, the others in JSON. */
const deny = (response: ServerResponse, { service }: AwsCall, message: string): void => {
  if (service !== 's3' && service !== 'sns') {
    refuse(response, 400, 'AccessDeniedException', message);
    return;
  }
  const text = `<Message>${message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Message>`;
  response.writeHead(403, { 'content-type': 'application/xml' });
  response.end(
    service === 's3'
      ? `<Error><Code>AccessDenied</Code>${text}</Error>`
      : `<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>${text}</Error></ErrorResponse>`,
  );
};

type Retell = ReturnType<typeof createSenders>;

/** For a service whose calls say in their body what they are about, so that the guard has read it. */
const readFirst =
  (fauxqs: ReturnType<typeof buildApp>, retell: Retell = (_call, answering) => answering): Service =>
  async ({ method, url, headers }, response, call) => {
    const payload = await call.body();
    const answering = fauxqs.inject({ method: method === 'GET' ? 'GET' : 'POST', url: url ?? '/', headers, payload });
    const body = await retell(
      call,
      answering.then((answer) => answer.body),
    );
    const answer = await answering;
    response.writeHead(answer.statusCode, { ...answer.headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };

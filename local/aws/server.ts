import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buildApp } from 'fauxqs';
import { type AwsCall, callOf } from './calls.ts';
import { type EtagOf, withConditionalWrites } from './conditional-writes.ts';
import { refuseEc2 } from './ec2/server.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './environment.ts';
import { refusedContents } from './message-contents.ts';
import type { ObjectExists } from './permissions/needs.ts';
import { type Quotas, refuseThrottled } from './quotas/quotas.ts';
import { createSenders } from './senders.ts';
import { ServiceError } from './service-error.ts';
import { refuseSts } from './sts/server.ts';
import type { KeyRefusal } from './sts/sessions.ts';

/** Answers one request that was addressed to one service. */
export type Service = (request: IncomingMessage, response: ServerResponse, call: AwsCall) => Promise<void>;

/** Returns the reason for rejecting a call, or undefined if it is allowed. */
type Guard = (call: AwsCall, request: IncomingMessage) => Promise<string | undefined>;

/** The access keys of callers. */
interface AccessKeys {
  /** Returns AWS's error for a key that is not valid. */
  refusalOf(accessKeyId: string): KeyRefusal | undefined;
  accountOf(accessKeyId: string): string;
}

/** The HTTP server of the AWS side. */
export interface AwsServer {
  /** Without a trailing slash. */
  readonly endpoint: string;
  /** Number of calls of each action, by `service.Action`. */
  callCounts(): Readonly<Record<string, number>>;
  /** Calls of unsupported services. Each is a defect of local mode or of the caller. */
  readonly unknownCalls: readonly Omit<AwsCall, 'body'>[];
  /** Registers a service. Earlier calls to it are rejected. */
  serve(service: string, answer: Service): void;
  /** Sets the guard that checks every call before it reaches a service. */
  guard(guard: Guard): void;
  /** Sets the known access keys. Until then, every key is valid and belongs to the account of the stack. */
  recognise(keys: AccessKeys): void;
  readonly objectExists: ObjectExists;
  /** All messages in a queue, as text. */
  queueContent(name: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param now Epoch milliseconds for the `Date` of each response. If it differed from the SDK's own date, the SDK would
 * correct its clock and repeat rejected calls.
 * @param quotas Quotas to enforce; none by default.
 */
export const startAwsServer = async (port = 0, now: () => number = Date.now, quotas?: Quotas): Promise<AwsServer> => {
  const fauxqs = buildApp({ logger: false, defaultRegion: LOCAL_REGION });
  await fauxqs.ready();
  const etagOf: EtagOf = async (url) => {
    const { statusCode, headers } = await fauxqs.inject({ method: 'HEAD', url });
    return statusCode === 200 ? String(headers['etag']) : undefined;
  };
  const objectExists: ObjectExists = async (url) => (await etagOf(url)) !== undefined;
  const services = new Map<string, Service>([
    ['s3', withConditionalWrites(async (request, response) => fauxqs.routing(request, response), etagOf)],
    ['sqs', withCheckedContents(withReadBody(fauxqs, createSenders()))],
    ['sns', withReadBody(fauxqs)],
  ]);
  let guard: Guard = async () => undefined;
  let keys: AccessKeys = { refusalOf: () => undefined, accountOf: () => LOCAL_ACCOUNT };
  const counts: Record<string, number> = {};
  const unknownCalls: Omit<AwsCall, 'body'>[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const call = callOf(request);
    if (call === undefined)
      return refuse(response, 403, 'MissingAuthenticationToken', 'Local mode accepts only signed calls.');
    const name = `${call.service}.${call.action}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const refusal = keys.refusalOf(call.caller);
    if (refusal !== undefined) return refuseKey(response, call, refusal);
    if (quotas?.allows({ ...call, account: keys.accountOf(call.caller) }, request.url) === false)
      return refuseThrottled(request, response, call);
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
    // A client that closed the connection needs no response. Any other error is a defect, and closes the connection.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The AWS side is not listening on a port.');

  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    callCounts: () => ({ ...counts }),
    unknownCalls,
    serve: (service, handle) => void services.set(service, handle),
    guard: (wanted) => {
      guard = wanted;
    },
    recognise: (known) => {
      keys = known;
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

/** Answers with an error in the JSON protocol of AWS services. */
export const refuse = (response: ServerResponse, status: number, code: string, message: string): void =>
  sendJson(response, status, { __type: code, message });

export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
};

/** Denies a call in the service's protocol: XML for S3, SNS, STS and EC2, JSON for the others. */
const deny = (response: ServerResponse, { service }: AwsCall, message: string): void => {
  if (service === 'sts') {
    refuseSts(response, new ServiceError('AccessDenied', message, 403));
    return;
  }
  if (service === 'ec2') {
    refuseEc2(response, { code: 'UnauthorizedOperation', message, status: 403 });
    return;
  }
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

const refuseKey = (response: ServerResponse, { service }: AwsCall, { code, xmlCode, message }: KeyRefusal): void => {
  if (service === 'sts') refuseSts(response, new ServiceError(xmlCode, message, 403));
  else if (service === 'ec2') refuseEc2(response, { code: 'AuthFailure', message, status: 401 });
  else refuse(response, 400, code, message);
};

type RewriteAnswer = ReturnType<typeof createSenders>;

/** For services that identify the resource in the body, which the guard reads before the service. */
/** Refuses messages that SQS does not accept. */
const withCheckedContents =
  (service: Service): Service =>
  async (request, response, call) => {
    const refusal = call.action === 'SendMessage' ? refusedContents(await call.body()) : undefined;
    return refusal === undefined ? service(request, response, call) : refuse(response, 400, ...refusal);
  };

const withReadBody =
  (fauxqs: ReturnType<typeof buildApp>, rewrite: RewriteAnswer = (_call, answering) => answering): Service =>
  async ({ method, url, headers }, response, call) => {
    const payload = await call.body();
    const answering = fauxqs.inject({ method: method === 'GET' ? 'GET' : 'POST', url: url ?? '/', headers, payload });
    const body = await rewrite(
      call,
      answering.then((answer) => answer.body),
    );
    const answer = await answering;
    response.writeHead(answer.statusCode, { ...answer.headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };

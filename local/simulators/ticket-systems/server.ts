import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { createAuthority } from '../certificate.ts';

/** A call to a ticket system. */
export interface DeskCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined if there is none. */
  readonly body: unknown;
}

export interface DeskReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DeskServer {
  /** URL without a trailing slash. */
  readonly url: string;
  readonly caPem: string;
  /** Method and path of each call, in order. */
  readonly audit: readonly string[];
  /** Answers of the next calls, instead of their own. */
  readonly failing: DeskReply[];
  close(): Promise<void>;
}

export interface DeskOptions {
  /** Accepted values of the `Authorization` header. */
  readonly authorizations: readonly string[];
}

const issueIdentity = async () => {
  const authority = await createAuthority('Ticket systems CA');
  return { caPem: authority.caPem, certificate: await authority.issueServerCertificate() };
};
let issued: ReturnType<typeof issueIdentity> | undefined;
const identity = () => {
  issued ??= issueIdentity();
  return issued;
};

const read = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
};

/** Starts a server on the loopback address, with a certificate of a private CA. The caller must close it. */
export const startDesk = async (
  { authorizations }: DeskOptions,
  perform: (call: DeskCall) => DeskReply,
): Promise<DeskServer> => {
  const { caPem, certificate } = await identity();
  const audit: string[] = [];
  const failing: DeskReply[] = [];
  const answer = async (request: IncomingMessage): Promise<DeskReply> => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://desk');
    const { method = 'GET' } = request;
    audit.push(`${method} ${path}`);
    const body = await read(request);
    const failure = failing.shift();
    if (failure !== undefined) return failure;
    if (!authorizations.includes(request.headers.authorization ?? '')) return { status: 401, body: {} };
    return perform({ method, path, query, body });
  };
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    const serve = async (): Promise<void> => {
      const { status, body, headers = {} } = await answer(request);
      response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    serve().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `https://127.0.0.1:${address.port}`,
    caPem,
    audit,
    failing,
    async close() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
};

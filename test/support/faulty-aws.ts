import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { callOf } from '#local/aws/calls.ts';

/** Answers a call in place of the service. `passOn` forwards the call and returns the service's answer. */
export type AwsFault = (response: ServerResponse, passOn: () => Promise<Response>) => Promise<void> | void;

export interface FaultyAws {
  /** Without a trailing slash. */
  readonly endpoint: string;
  /** Applies the fault to every call of this action until the next `fail`. */
  fail(action: string, fault: AwsFault | undefined): void;
  /** Closes the port while the work runs. */
  whileDown<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Starts a proxy in front of the local AWS that injects a fault into one action at a time. */
export const startFaultyAws = async (upstream: string): Promise<FaultyAws> => {
  let broken: { action: string; fault: AwsFault } | undefined;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const action = callOf(request)?.action ?? 'unsigned';
    const body = await buffer(request);
    const passOn = () => forward(upstream, request, body);
    if (broken?.action === action) return broken.fault(response, passOn);
    await copy(await passOn(), response);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const listen = async (port: number): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    return address.port;
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const port = await listen(0);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    fail: (action, fault) => {
      broken = fault && { action, fault };
    },
    async whileDown(work) {
      await close();
      try {
        return await work();
      } finally {
        await listen(port);
      }
    },
    close,
  };
};

/** Headers of the connection, not of the call. */
const HOP_BY_HOP = new Set(['connection', 'content-length', 'expect', 'host', 'keep-alive', 'transfer-encoding']);

const forward = (upstream: string, request: IncomingMessage, body: Buffer<ArrayBuffer>): Promise<Response> => {
  const { method = 'GET', url = '/', headers } = request;
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    HOP_BY_HOP.has(name) || value === undefined ? [] : [[name, String(value)]],
  );
  return fetch(upstream + url, { method, headers: kept, ...(body.length > 0 && { body }) });
};

/** The headers of an answer without the headers of its connection. */
export const headersOf = (answer: Response): Record<string, string> =>
  Object.fromEntries([...answer.headers].filter(([name]) => !HOP_BY_HOP.has(name)));

const copy = async (answer: Response, response: ServerResponse): Promise<void> => {
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, { ...headersOf(answer), 'content-length': body.length }).end(body);
};

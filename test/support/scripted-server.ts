import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export type Step = (response: ServerResponse, request: SeenRequest) => unknown;

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

const listen = async (server: TcpServer): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}/api`;
};

/** Starts an HTTP server that answers each request with the next step. The last step repeats. */
export const scriptedServer = async (...steps: readonly Step[]): Promise<ScriptedServer> => {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    const { method = '', url = '', headers, rawHeaders } = request;
    const entry = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
    const step = steps[Math.min(seen.push(entry), steps.length) - 1];
    await step?.(response, entry);
  });
  const url = await listen(server);
  return {
    url,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** Starts a server that answers every connection with these bytes and closes it. */
export const rawServer = async (bytes: string): Promise<{ url: string } & AsyncDisposable> => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  });
  const url = await listen(server);
  return { url, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
};

/** The base URL of a local port on which nothing listens. */
export const deadUrl = async (): Promise<string> => {
  await using server = await scriptedServer();
  return server.url;
};

export const answer =
  (status: number, body: unknown, headers: Readonly<Record<string, string | string[]>> = {}): Step =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** Drops the connection without an answer. */
export const reset: Step = (response) => response.socket?.resetAndDestroy();

/** Announces a longer body than it sends, then drops the connection. */
export const cutOff: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"a":', () => response.socket?.destroy());
};

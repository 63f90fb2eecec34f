import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Server behaviour towards writes on a forgotten connection. */
export const FORGOTTEN = ['reset', 'silence'] as const;
export type Forgotten = (typeof FORGOTTEN)[number];

interface ForgetfulServer extends AsyncDisposable {
  readonly url: string;
  /** Number of connections accepted so far. */
  readonly connections: number;
  /** Number of requests answered so far. */
  readonly answered: number;
  /** Number of requests received and not yet answered. */
  readonly pending: number;
  /** Holds the answers to all later requests. Returns a function that releases them. */
  hold(): () => void;
}

/**
 * A server that silently forgets a connection `keepAliveMs` after its last answer, like a firewall, or like a server
 * that closes the connection while the client process is frozen. `now` returns epoch milliseconds.
 */
export const forgetfulServer = async (
  now: () => number,
  keepAliveMs: number,
  forgotten: Forgotten,
): Promise<ForgetfulServer> => {
  const answeredAt = new WeakMap<Socket, number>();
  let connections = 0;
  let answered = 0;
  let pending = 0;
  let held: Promise<void> = Promise.resolve();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = request;
    const isForgotten = now() - (answeredAt.get(socket) ?? now()) > keepAliveMs;
    if (isForgotten) {
      if (forgotten === 'reset') socket.resetAndDestroy();
      return;
    }
    request.resume();
    pending += 1;
    await held;
    pending -= 1;
    answered += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    answeredAt.set(socket, now());
  };
  const server = createServer((request, response) => void answer(request, response));
  server.on('connection', () => {
    connections += 1;
  });
  // Only the simulated time may close a connection.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get connections() {
      return connections;
    },
    get answered() {
      return answered;
    },
    get pending() {
      return pending;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = Promise.resolve();
        resolve();
      };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

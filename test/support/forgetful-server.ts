import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a caller meets who writes to a connection that the other side has forgotten. */
export const FORGOTTEN = ['reset', 'silence'] as const;
export type Forgotten = (typeof FORGOTTEN)[number];

interface ForgetfulServer extends AsyncDisposable {
  readonly url: string;
  /** How many connections there were. */
  readonly connections: number;
  /** How many requests it answered, and how many more it has. */
  readonly answered: number;
  readonly pending: number;
  /** Holds back the answers of the requests that come from now on; gives back what lets them go. */
  hold(): () => void;
}

/**
 * A server that forgets a connection `keepAliveMs` after its last answer, and tells nobody, as a firewall does, or a server whose
 * farewell a frozen process does not see. Time is what `now` says, epoch milliseconds.
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
  // Real time has no say in it.
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

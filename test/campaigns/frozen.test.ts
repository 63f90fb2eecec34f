import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const FREEZABLE = fileURLToPath(new URL('../support/freezable.ts', import.meta.url));
const CALLS = 8;
/** Speed of the clock of the child: its seconds last 50 ms here. */
const SPEED = 20;
const KEEP_ALIVE_MS = 300;
const FREEZES = 3;
const PATIENCE_MS = 60_000;

/**
 * A server behind a NAT that silently forgets idle connections: a client that writes to a forgotten one is reset.
 */
const forgotten = new WeakSet<Socket>();
const known = new Map<Socket, NodeJS.Timeout>();
const forget = (socket: Socket): void => {
  known.delete(socket);
  forgotten.add(socket);
  forgetting.emit('forgotten');
};
const forgetting = new EventEmitter();
let connections = 0;

const server = createServer((request, response) => {
  const { socket } = request;
  if (forgotten.has(socket)) {
    socket.resetAndDestroy();
    return;
  }
  clearTimeout(known.get(socket));
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  response.on('finish', () => known.set(socket, setTimeout(forget, KEEP_ALIVE_MS, socket)));
});

beforeAll(async () => {
  server.keepAliveTimeout = 0;
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  await server[Symbol.asyncDispose]();
});

const untilAllForgotten = async (): Promise<void> => {
  while (known.size > 0) await once(forgetting, 'forgotten');
};

const startFreezable = () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const child = fork(FREEZABLE, [`http://127.0.0.1:${address.port}`, String(CALLS), String(SPEED)]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const answered = async (): Promise<unknown> => (await once(child, 'message'))[0];
  return {
    callAll: (): Promise<unknown> => {
      const answer = answered();
      child.send('call');
      return answer;
    },
    /** The child makes its calls as soon as it is thawed. */
    freezeAndCall: async (): Promise<unknown> => {
      child.kill('SIGSTOP');
      const answer = answered();
      child.send('call');
      await untilAllForgotten();
      child.kill('SIGCONT');
      return answer;
    },
  };
};

describe('a process that is frozen until its connections are forgotten', () => {
  it(
    `completes all ${CALLS} non-repeatable calls each time`,
    async () => {
      const freezable = startFreezable();
      expect(await freezable.callAll()).toEqual([]);
      for (let freeze = 0; freeze < FREEZES; freeze += 1) {
        expect(await freezable.freezeAndCall()).toEqual([]);
      }
      expect(connections).toBeGreaterThanOrEqual(CALLS * (1 + FREEZES));
    },
    PATIENCE_MS,
  );
});

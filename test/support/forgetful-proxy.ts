import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

interface ForgetfulProxy {
  readonly port: number;
  /** How many connections somebody wrote to that it had forgotten. */
  readonly lost: number;
  close(): Promise<void>;
}

export interface ForgetfulProxyOptions {
  /** Where the server listens, on 127.0.0.1. */
  readonly port: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** For how long a connection may be silent. */
  readonly keepAliveMs: number;
}

/**
 * Stands between a client and a server, as a firewall does. It forgets a connection that was silent for too long, and tells nobody:
 * whoever writes to it then is reset, and nothing of what was written arrives.
 */
export const startForgetfulProxy = async (options: ForgetfulProxyOptions): Promise<ForgetfulProxy> => {
  const { port, now, keepAliveMs } = options;
  let lost = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) keep(socket);
    let heardAt = now();
    client
      .on('data', (data) => {
        if (now() - heardAt > keepAliveMs) {
          lost += 1;
          client.resetAndDestroy();
          upstream.destroy();
          return;
        }
        heardAt = now();
        upstream.write(data);
      })
      .on('close', () => upstream.destroy());
    upstream
      .on('data', (data) => {
        heardAt = now();
        client.write(data);
      })
      .on('end', () => client.end())
      .on('close', () => client.destroySoon());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return {
    port: address.port,
    get lost() {
      return lost;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
};

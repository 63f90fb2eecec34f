import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

interface ForgetfulProxy {
  readonly port: number;
  /** Number of forgotten connections that a client wrote to. */
  readonly lost: number;
  close(): Promise<void>;
}

export interface ForgetfulProxyOptions {
  /** Port of the server on 127.0.0.1. */
  readonly port: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Maximum idle time of a connection. */
  readonly keepAliveMs: number;
}

/**
 * A proxy that acts like a firewall: it silently forgets a connection that was idle for too long. The next write of the
 * client is dropped, and its connection is reset.
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
    let lastDataAt = now();
    client
      .on('data', (data) => {
        if (now() - lastDataAt > keepAliveMs) {
          lost += 1;
          client.resetAndDestroy();
          upstream.destroy();
          return;
        }
        lastDataAt = now();
        upstream.write(data);
      })
      .on('close', () => upstream.destroy());
    upstream
      .on('data', (data) => {
        lastDataAt = now();
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

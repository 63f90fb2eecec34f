import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
  /** Answered attempts: the host and port that the caller wanted, and the status. */
  readonly attempts: readonly string[];
  /** User and password that the proxy requires from now on, with a colon in between; undefined if it requires none. */
  require(credentials: string | undefined): void;
  /** Answers every later attempt with this status, or with none at all. */
  refuse(how: number | 'close' | 'silence' | undefined): void;
}

/** An HTTP proxy on the loopback address, which opens a tunnel for each CONNECT. */
export const startConnectProxy = async (): Promise<ConnectProxy> => {
  const attempts: string[] = [];
  const sockets = new Set<Socket>();
  let required: string | undefined;
  let refusal: number | 'close' | 'silence' | undefined;

  const statusFor = (authorization = ''): number => {
    if (typeof refusal === 'number') return refusal;
    const given = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
    return required === undefined || given === required ? 200 : 407;
  };
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };

  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on('connection', track);
  server.on('connect', (request, caller: Socket) => {
    if (refusal === 'close') caller.destroy();
    if (refusal === 'close' || refusal === 'silence') return;
    const status = statusFor(request.headers['proxy-authorization']);
    attempts.push(`${request.url} ${status}`);
    if (status !== 200) {
      caller.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const remote = connect(Number(port), host, () => {
      caller.write('HTTP/1.1 200 Connection established\r\n\r\n');
      remote.pipe(caller).pipe(remote);
    });
    track(remote);
    caller.once('close', () => remote.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    attempts,
    require(credentials) {
      required = credentials;
    },
    refuse(how) {
      refusal = how;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
};

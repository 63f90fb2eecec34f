import { once } from 'node:events';
import type { IncomingMessage, Server as PlainServer, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createAuthority, type IssuedCertificate } from '../certificate.ts';

interface ServerIdentity {
  readonly caPem: string;
  readonly certificate: IssuedCertificate;
}

/**
 * The server certificate of all servers of one kind in a process, issued at its first use. Creating it takes most of
 * the time of starting a server.
 */
export const createServerIdentity = (authorityName: string): (() => Promise<ServerIdentity>) => {
  const issue = async (): Promise<ServerIdentity> => {
    const authority = await createAuthority(authorityName);
    return { caPem: authority.caPem, certificate: await authority.issueServerCertificate() };
  };
  let issued: Promise<ServerIdentity> | undefined;
  return () => {
    issued ??= issue();
    return issued;
  };
};

/** Serves one call. */
interface CallServer {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** A listener whose defects end the process, so that none looks like a fault. */
export const listenerOf =
  (service: CallServer, isStopped: () => boolean) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    service.serve(request, response).catch((error: unknown) => {
      // A closed connection is not an error.
      const isOver = request.socket.destroyed || isStopped();
      response.destroy();
      if (!isOver) throw error;
    });
  };

/** Listens on the loopback address. @returns the port */
export const listen = async (server: PlainServer | TlsServer, port = 0): Promise<number> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The simulator is not listening on a port.');
  return address.port;
};

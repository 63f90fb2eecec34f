import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { IssuedCertificate } from '../certificate.ts';
import type { CertificateStanding, Peer } from './registrations.ts';

/** When the server requests client certificates. IIS renegotiates after it has read the request's head. */
export type CertificateAsked = 'never' | 'handshake' | 'renegotiation';

export interface TlsOptions {
  readonly certificate: IssuedCertificate;
  readonly asked: CertificateAsked;
  /** PEM texts of the trusted CAs of client certificates. */
  readonly clientCas: readonly string[];
}

/** TLS 1.3 has no renegotiation, and a session resumed during one would not include a certificate. */
const RENEGOTIATION = {
  maxVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION,
} as const;

/** An HTTPS server that accepts every client certificate. {@link createIdentification} evaluates it. */
export const createTlsServer = (
  { certificate: { certPem, keyPem }, asked, clientCas }: TlsOptions,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): Server =>
  createServer(
    {
      cert: certPem,
      key: keyPem,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: 60_000,
      ...(asked !== 'never' && { ca: [...clientCas], rejectUnauthorized: false }),
      ...(asked === 'handshake' && { requestCert: true }),
      ...(asked === 'renegotiation' && RENEGOTIATION),
    },
    serve,
  );

const askByRenegotiation = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('The caller closed the connection during the certificate request.')));
    socket.renegotiate({ requestCert: true, rejectUnauthorized: false }, (error) =>
      error ? reject(error) : resolve(),
    );
  });

const standingOf = (socket: TLSSocket): CertificateStanding => {
  if (Object.keys(socket.getPeerCertificate() ?? {}).length === 0) return 'none';
  return socket.authorized ? 'trusted' : 'untrusted';
};

/** Identifies the peer of a call. Requests the certificate once per connection. */
export const createIdentification = (asked: CertificateAsked): ((request: IncomingMessage) => Promise<Peer>) => {
  const renegotiated = new WeakMap<TLSSocket, Promise<void>>();
  return async ({ socket }) => {
    if (!(socket instanceof TLSSocket)) throw new TypeError('The call did not use TLS.');
    if (asked === 'renegotiation') {
      const asking = renegotiated.get(socket) ?? askByRenegotiation(socket);
      renegotiated.set(socket, asking);
      await asking;
    }
    const certificate = asked === 'never' ? 'none' : standingOf(socket);
    return { address: socket.remoteAddress ?? '', certificate };
  };
};

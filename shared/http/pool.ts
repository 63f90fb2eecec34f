import type { Dispatcher } from 'undici';
// Only the part of undici that we use: the whole of it costs every cold start another 20 ms.
import Pool from 'undici/lib/dispatcher/pool.js';
import { type ClientCertificate, tlsOptionsOf } from '#shared/http/client-certificate.ts';

const LONGEST_CONNECT_SECONDS = 10;

export interface PoolOptions {
  /** Any address of the server; only its origin counts. */
  readonly url: string;
  /** PEM text of the CA to trust instead of the public ones. */
  readonly ca?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly connections: number;
  readonly timeoutSeconds: number;
}

/** Connections to one server that are kept open between calls. TLS 1.2 at least; redirects are not followed. */
export const createPool = ({ url, ca, clientCertificate, connections, timeoutSeconds }: PoolOptions): Dispatcher =>
  new Pool(new URL(url).origin, {
    connections,
    // IIS asks for client certificates by renegotiation, which HTTP/2 forbids.
    allowH2: false,
    // A call has one deadline for all of it, which `send` keeps.
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: Math.min(timeoutSeconds, LONGEST_CONNECT_SECONDS) * 1000,
    connect: {
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : tlsOptionsOf(clientCertificate)),
    },
  });

import type { buildConnector as connectors, Dispatcher } from 'undici';
// Imports only the parts of undici that are used: the whole library would add 20 ms to every cold start.
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import { type ClientCertificate, tlsOptionsOf } from '#shared/http/client-certificate.ts';
import {
  type ExchangeLimits,
  exchange,
  type FailedExchange,
  PROXY_CREDENTIALS_REJECTED,
  type RawAnswer,
} from '#shared/http/exchange.ts';
import type { HttpProxy } from '#shared/http/tunnels.ts';

const MAX_CONNECT_SECONDS = 10;

/**
 * A connection without an answer for this long is not reused. A function is frozen between two invocations, and
 * undici's own clock stops during that time. The server may have closed a connection that undici considers fresh, and a
 * call that must not be repeated would be lost. Servers keep connections for at least 5 s.
 */
const MAX_SILENCE_MS = 4000;

export interface PoolOptions {
  /** Any url of the server; only its origin is used. */
  readonly url: string;
  /** PEM text of the CA to trust instead of the public ones. */
  readonly ca?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Proxy on the way to the server. */
  readonly proxy?: HttpProxy | undefined;
  readonly timeoutSeconds: number;
  /** Wall clock in epoch milliseconds; continues while a function is frozen. */
  readonly now: () => number;
}

/** Connections to one server that are kept open between calls, as many as there are concurrent calls. */
export interface Pool {
  /** Sends one request, like {@link exchange}, over a connection that no other call uses at the time. */
  exchange(request: Dispatcher.DispatchOptions, limits: ExchangeLimits): Promise<RawAnswer | FailedExchange>;
  /** Closes all connections; calls in progress end as broken. */
  destroy(): Promise<void>;
}

/** A connection that waits for its next call. */
interface Idle {
  readonly client: Dispatcher;
  /** By the wall clock. */
  readonly answeredAtMs: number;
}

/**
 * Creates a pool of HTTP/1.1 connections with TLS 1.2 or later. Redirects are not followed. Raises the errors of
 * reading the credentials of a proxy.
 */
export const createPool = async ({
  url,
  ca,
  clientCertificate,
  proxy,
  timeoutSeconds,
  now,
}: PoolOptions): Promise<Pool> => {
  const { origin } = new URL(url);
  const connectMs = Math.min(timeoutSeconds, MAX_CONNECT_SECONDS) * 1000;
  const tls: connectors.BuildOptions = {
    // IIS asks for client certificates by renegotiation, which HTTP/2 forbids.
    allowH2: false,
    timeout: connectMs,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : tlsOptionsOf(clientCertificate)),
  };
  const connect = buildConnector(tls);
  // Imported on demand: few connections have a proxy, and it needs most of undici.
  const tunnels = proxy && (await (await import('#shared/http/tunnels.ts')).createTunnels({ proxy, tls, connectMs }));
  const clients = new Set<Dispatcher>();
  /** In the order of their last answers; the last one is used next. */
  let idle: Idle[] = [];

  const open = (): Dispatcher => {
    // `send` enforces one deadline for the whole call.
    const client =
      tunnels?.open() ?? new Client(origin, { connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
    clients.add(client);
    return client;
  };

  const drop = async (client: Dispatcher): Promise<void> => {
    clients.delete(client);
    await client.destroy();
  };

  const isFresh = ({ answeredAtMs }: Idle): boolean => {
    const silenceMs = now() - answeredAtMs;
    // If the clock was set back, the real silence is unknown.
    return silenceMs >= 0 && silenceMs < MAX_SILENCE_MS;
  };

  const take = (): Dispatcher => {
    const last = idle.pop();
    if (last !== undefined && isFresh(last)) return last.client;
    // The others have been silent even longer.
    const stale = last === undefined ? [] : [...idle, last];
    idle = [];
    for (const { client } of stale) void drop(client);
    return open();
  };

  const run: Pool['exchange'] = async (request, limits) => {
    const client = take();
    const result = await exchange(client, request, limits);
    if (result.kind === 'answer') {
      tunnels?.confirm(client);
      idle.push({ client, answeredAtMs: now() });
      return result;
    }
    void drop(client);
    if (result.code !== PROXY_CREDENTIALS_REJECTED || (await tunnels?.renew(client)) !== true) return result;
    // The proxy passed nothing on.
    return run(request, limits);
  };

  return {
    exchange: run,
    async destroy() {
      idle = [];
      await Promise.all([...clients].map(drop));
    },
  };
};

import type { Dispatcher } from 'undici';
// Only the parts of undici that we use: the whole of it costs every cold start another 20 ms.
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import { type ClientCertificate, tlsOptionsOf } from '#shared/http/client-certificate.ts';
import { type Broken, type ExchangeLimits, exchange, type RawAnswer } from '#shared/http/exchange.ts';

const LONGEST_CONNECT_SECONDS = 10;

/**
 * A connection that did not answer for so long is not used again. A function is frozen between two invocations, and undici
 * counts ticks of its own, which stand still meanwhile: what it takes for fresh, the server may have closed long ago, and
 * a call that may not be repeated would be lost with it. Servers keep connections for 5 s at least.
 */
const MAX_SILENCE_MS = 4000;

export interface PoolOptions {
  /** Any address of the server; only its origin counts. */
  readonly url: string;
  /** PEM text of the CA to trust instead of the public ones. */
  readonly ca?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly timeoutSeconds: number;
  /** The wall clock, epoch milliseconds: it goes on while a function is frozen. */
  readonly now: () => number;
}

/** Connections to one server that are kept open between calls, as many as there are calls at the same time. */
export interface Pool {
  /** One request and its answer; as {@link exchange}, over a connection that nobody else uses meanwhile. */
  exchange(request: Dispatcher.DispatchOptions, limits: ExchangeLimits): Promise<RawAnswer | Broken>;
  /** Drops all connections; calls under way end as broken. */
  destroy(): Promise<void>;
}

/** A connection that is waiting for its next call. */
interface Idle {
  readonly client: Client;
  /** By the wall clock. */
  readonly answeredAtMs: number;
}

/** A pool of HTTP/1.1 connections. TLS 1.2 at least; redirects are not followed. */
export const createPool = ({ url, ca, clientCertificate, timeoutSeconds, now }: PoolOptions): Pool => {
  const { origin } = new URL(url);
  const connect = buildConnector({
    // IIS asks for client certificates by renegotiation, which HTTP/2 forbids.
    allowH2: false,
    timeout: Math.min(timeoutSeconds, LONGEST_CONNECT_SECONDS) * 1000,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : tlsOptionsOf(clientCertificate)),
  });
  const clients = new Set<Client>();
  /** The one that answered last is the last, and the next to be used. */
  let idle: Idle[] = [];

  const open = (): Client => {
    // A call has one deadline for all of it, which `send` keeps.
    const client = new Client(origin, { connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
    clients.add(client);
    return client;
  };

  const drop = async (client: Client): Promise<void> => {
    clients.delete(client);
    await client.destroy();
  };

  const isFresh = ({ answeredAtMs }: Idle): boolean => {
    const silenceMs = now() - answeredAtMs;
    // A clock that was set back tells nothing of how long it was.
    return silenceMs >= 0 && silenceMs < MAX_SILENCE_MS;
  };

  const take = (): Client => {
    const last = idle.pop();
    if (last !== undefined && isFresh(last)) return last.client;
    // The others have been silent for longer still.
    const stale = last === undefined ? [] : [...idle, last];
    idle = [];
    for (const { client } of stale) void drop(client);
    return open();
  };

  return {
    async exchange(request, limits) {
      const client = take();
      const result = await exchange(client, request, limits);
      if (result.kind === 'answer') idle.push({ client, answeredAtMs: now() });
      else void drop(client);
      return result;
    },
    async destroy() {
      idle = [];
      await Promise.all([...clients].map(drop));
    },
  };
};

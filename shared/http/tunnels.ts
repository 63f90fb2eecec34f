import { setTimeout as sleepFor } from 'node:timers/promises';
import { type buildConnector, Client, type Dispatcher, ProxyAgent } from 'undici';
import type { Secret } from '#shared/secret.ts';

/** Credentials for a proxy. */
export interface ProxyCredentials {
  /** Without a colon, which separates it from the password. */
  readonly username: string;
  readonly password: Secret;
}

/** An HTTP proxy. */
export interface HttpProxy {
  /** Address without path, such as `http://proxy.corp:3128`. */
  readonly url: string;
  /** Name of the secret with the credentials, and its content; undefined if the proxy requires none. */
  readonly credentials?: { readonly secret: string; read(): Promise<ProxyCredentials> } | undefined;
}

export interface TunnelOptions {
  readonly proxy: HttpProxy;
  readonly tls: buildConnector.BuildOptions;
  /** Maximum for each of: the connection to the proxy, its answer, and the TLS handshake with the server. */
  readonly connectMs: number;
}

/** Connections to servers through a proxy, each in a tunnel of its own, which the proxy opens by CONNECT. */
export interface Tunnels {
  /** A dispatcher for one connection. */
  open(): Dispatcher;
  /** Notes that a server answered through this connection. */
  confirm(connection: Dispatcher): void;
  /**
   * Reads the credentials again after the proxy rejected those of this connection. True if another connection can
   * succeed now. False if they never worked: a proxy can lock a user after a few attempts.
   */
  renew(connection: Dispatcher): Promise<boolean>;
}

interface Authorization {
  readonly header: Secret | undefined;
  isProven: boolean;
  /** Settled once the proxy has accepted or rejected a connection with this authorization. */
  readonly proof: PromiseWithResolvers<boolean>;
}

const basic = ({ username, password }: ProxyCredentials): Secret =>
  password.map((text) => `Basic ${Buffer.from(`${username}:${text}`).toString('base64')}`);

/** Reads the credentials of the proxy. Does not connect yet. Raises the errors of reading the secret. Repeatable. */
export const createTunnels = async ({ proxy, tls, connectMs }: TunnelOptions): Promise<Tunnels> => {
  const authorize = async (): Promise<Authorization> => {
    const credentials = await proxy.credentials?.read();
    return { header: credentials && basic(credentials), isProven: false, proof: Promise.withResolvers() };
  };
  let current = await authorize();
  /** Calls that were rejected together read the credentials once. */
  let renewing: Promise<Authorization> | undefined;
  const used = new WeakMap<Dispatcher, Authorization>();

  /** Waits for the first connection with new credentials, so that wrong ones are tried only once. */
  const isAccepted = ({ proof }: Authorization): Promise<boolean> =>
    Promise.race([proof.promise, sleepFor(connectMs, true, { ref: false })]);

  return {
    open() {
      const { header } = current;
      const agent = new ProxyAgent({
        uri: proxy.url,
        ...(header === undefined ? {} : { token: header.reveal() }),
        connections: 1,
        allowH2: false,
        // `send` enforces one deadline for the whole call.
        headersTimeout: 0,
        bodyTimeout: 0,
        proxyTls: { timeout: connectMs },
        requestTls: { ...tls, timeout: connectMs },
        clientFactory: (address, options) => new Client(address, { ...options, headersTimeout: connectMs }),
      });
      used.set(agent, current);
      return agent;
    },
    confirm(connection) {
      const authorization = used.get(connection);
      if (authorization === undefined) return;
      authorization.isProven = true;
      authorization.proof.resolve(true);
    },
    async renew(connection) {
      const rejected = used.get(connection);
      // Another call has already renewed them.
      if (rejected !== current) return isAccepted(current);
      if (!rejected.isProven) {
        rejected.proof.resolve(false);
        return false;
      }
      const isFirst = renewing === undefined;
      renewing ??= authorize().finally(() => {
        renewing = undefined;
      });
      const renewed = await renewing;
      if (!isFirst && renewed === current) return isAccepted(renewed);
      if (renewed.header === undefined || rejected.header?.equals(renewed.header)) return false;
      current = renewed;
      return true;
    },
  };
};

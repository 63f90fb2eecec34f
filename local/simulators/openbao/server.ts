import { createServer } from 'node:https';
import { createServerIdentity, listen, listenerOf } from '../common/server.ts';
import type { Load } from '../load.ts';
import type { Fields } from './calls.ts';
import type { Faults } from './faults.ts';
import { createKv2 } from './kv2.ts';
import { createNamespace, placeOf } from './namespaces.ts';
import type { Reply } from './replies.ts';
import { perform } from './router.ts';
import { type AuditEntry, Service } from './service.ts';
import type { Site } from './site.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { type Token, Tokens } from './tokens.ts';

export interface OpenBaoOptions {
  readonly switches?: Partial<Switches>;
  /** The server's clock in epoch milliseconds. Default: the wall clock. */
  readonly now?: () => number;
  /** Default: `root`. */
  readonly rootToken?: string;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** An OpenBao in memory, or a HashiCorp Vault, with KV version 2 at `secret/` like the server in development mode. */
export interface OpenBaoSimulator {
  /** URL without a trailing slash and without `/v1`. */
  readonly url: string;
  readonly caPem: string;
  readonly rootToken: string;
  /** All calls over the network, in the order of their effects. */
  readonly audit: readonly AuditEntry[];
  readonly faults: Faults;
  /** Can be changed at any time. */
  readonly switches: Switches;
  /** Load since the start, counted when calls are received and answered. */
  load(): Load;
  /** Writes as the administrator, past the network: mounts, policies, sign-ins, secrets. @throws for a refusal. */
  write(path: string, fields: Fields, namespace?: string): Promise<void>;
  /** Current fields of all secrets of a mount, by path. For tests and the sandbox. */
  currentValues(mount?: string, namespace?: string): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Paths of all secrets of the mount `secret`, whatever is left of their versions. */
  paths(): readonly string[];
  /** Paths and custom metadata of all secrets of the mount `secret`, as text to search. */
  metadata(): Buffer;
  /** Tokens that are neither expired nor revoked. */
  openTokens(): readonly Token[];
  close(): Promise<void>;
}

const serverIdentity = createServerIdentity('OpenBao simulator CA');

/** The state of a new server. */
export const makeSite = ({ switches: given = {}, now = Date.now, rootToken = 'root' }: OpenBaoOptions): Site => {
  const switches = { ...DEFAULT_SWITCHES, ...given };
  const root = createNamespace('');
  root.mounts.set('secret', createKv2(switches, now));
  return { namespaces: new Map([['', root]]), tokens: new Tokens(now), rootToken, switches, now };
};

/** Starts an OpenBao on the loopback address, with a certificate of a private CA. The caller must close it. */
export const startOpenBao = async (options: OpenBaoOptions = {}): Promise<OpenBaoSimulator> => {
  const { caPem, certificate } = await serverIdentity();
  const site = makeSite(options);
  const service = new Service(site);
  const tls = { cert: certificate.certPem, key: certificate.keyPem, keepAliveTimeout: 60_000 };
  const server = createServer(
    tls,
    listenerOf(service, () => service.stopped),
  );
  const port = await listen(server, options.port);
  return {
    url: `https://127.0.0.1:${port}`,
    caPem,
    rootToken: site.rootToken,
    audit: service.audit,
    faults: service.faults,
    switches: site.switches,
    load: () => service.load(),
    async write(path, fields, namespace = '') {
      const query = new URLSearchParams();
      const token = site.rootToken;
      accepted(path, await perform(site, { operation: 'update', path, query, namespace, token, fields }));
    },
    currentValues: (mount = 'secret', namespace = '') =>
      Object.fromEntries(placeOf(site.namespaces, namespace, '')?.namespace.mounts.get(mount)?.currentValues() ?? []),
    paths: () => allMetadata(site).map(([path]) => path),
    metadata: () => Buffer.from(JSON.stringify(allMetadata(site))),
    openTokens: () => site.tokens.open(),
    async close() {
      server.closeAllConnections();
      service.stop();
      await server[Symbol.asyncDispose]();
    },
  };
};

const allMetadata = (site: Site) => [
  ...(placeOf(site.namespaces, '', '')?.namespace.mounts.get('secret')?.metadata() ?? []),
];

const accepted = (path: string, { status, body }: Reply): void => {
  if (status >= 300) throw new Error(`The simulator refused to write ${path}: ${status} ${JSON.stringify(body)}`);
};

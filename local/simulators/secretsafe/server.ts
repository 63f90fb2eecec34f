import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServerIdentity, listen, listenerOf } from '../common/server.ts';
import { createWaits, type Sleep, sleepInRealTime } from '../common/waits.ts';
import type { Load } from '../load.ts';
import type { AuditEntry } from './audit.ts';
import { type EventHistory, EventLog } from './events.ts';
import type { Faults } from './faults.ts';
import { createFleet } from './fleet.ts';
import { type Fleet, Organization } from './organization.ts';
import { actionsOf, type PeopleActions } from './people.ts';
import { Service } from './service.ts';
import type { Site } from './site.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { Throttle } from './throttle.ts';
import { type ApiKey, apiKeyFor, type IssuedToken, Tokens } from './tokens.ts';

export interface SecretSafeOptions {
  /** Default: `createFleet` of 20 members, 5 groups and 6 collections with this seed. */
  readonly fleet?: Fleet;
  /** Events from before the start. Default: none. */
  readonly history?: EventHistory;
  readonly switches?: Partial<Switches>;
  /** Default `https`, with a certificate of a private CA. */
  readonly protocol?: 'https' | 'http';
  /** Real delay of every call before it takes effect. Default 0. */
  readonly latencyMs?: number;
  /** Replaces the real waits of the server: its latency and delayed responses. */
  readonly sleep?: Sleep;
  /** The server's clock in milliseconds, which drives everything. Default: the wall clock. */
  readonly now?: () => number;
  /** Seed of ids and of the API keys. Default 1. */
  readonly seed?: number;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A SecretSafe server in memory, with one organization. */
export interface SecretSafeSimulator extends PeopleActions {
  /** URL of the server, without a trailing slash: below it lie `/identity` and `/api`. */
  readonly url: string;
  readonly caPem: string;
  readonly organizationId: string;
  /** The current organization API key. */
  apiKey(): ApiKey;
  /** All secrets so far, for the search for leaks: the secrets of the API key and the tokens. */
  secrets(): readonly string[];
  /** All calls in the order of their effects. */
  readonly audit: readonly AuditEntry[];
  readonly faults: Faults;
  /** Can be changed at any time. */
  readonly switches: Switches;
  /** Load since the start, counted when calls are received and answered. */
  load(): Load;
  /** All tokens since the start, expired ones too. */
  issuedTokens(): readonly IssuedToken[];
  /** Signs a token with other scopes, which no call does. */
  signToken(scope: readonly string[]): string;
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 60_000;

const serverIdentity = createServerIdentity('SecretSafe simulator CA');

const makeSite = (options: SecretSafeOptions): Site => {
  const { now: timeOfDay = Date.now, seed = 1 } = options;
  const switches: Switches = { ...DEFAULT_SWITCHES, ...options.switches };
  const now = () => timeOfDay() + switches.clockSkewMs;
  const fleet = options.fleet ?? createFleet({ members: 20, groups: 5, collections: 6, seed });
  const organization = new Organization(fleet, seed);
  return {
    organization,
    events: new EventLog(now, switches, options.history),
    tokens: new Tokens(organization.id, now, switches),
    throttle: new Throttle(now, switches),
    switches,
    now,
    apiKey: apiKeyFor(organization.id, seed, 0),
    isEnabled: true,
  };
};

/** Starts a server on the loopback address. The caller must close it. */
export const startSecretSafe = async (options: SecretSafeOptions = {}): Promise<SecretSafeSimulator> => {
  const { protocol = 'https', latencyMs = 0, seed = 1 } = options;
  const { caPem, certificate } = await serverIdentity();
  const waits = createWaits(options.sleep ?? sleepInRealTime);
  const site = makeSite(options);
  const service = new Service(site, { latencyMs, waits });
  const serve = listenerOf(service, () => waits.stopped);
  const tls = { cert: certificate.certPem, key: certificate.keyPem, keepAliveTimeout: KEEP_ALIVE_MS };
  const server =
    protocol === 'https' ? createTlsServer(tls, serve) : createPlainServer({ keepAliveTimeout: KEEP_ALIVE_MS }, serve);
  const port = await listen(server, options.port);
  const actions = actionsOf(site, seed);
  const clientSecrets = [site.apiKey.clientSecret];
  return {
    ...actions,
    rotateApiKey() {
      const secret = actions.rotateApiKey();
      clientSecrets.push(secret);
      return secret;
    },
    url: `${protocol}://127.0.0.1:${port}`,
    caPem,
    organizationId: site.organization.id,
    apiKey: () => site.apiKey,
    secrets: () => [...clientSecrets, ...site.tokens.issued.map(({ text }) => text)],
    audit: service.audit,
    faults: service.faults,
    switches: site.switches,
    load: () => service.load(),
    issuedTokens: () => site.tokens.issued,
    signToken: (scope) => site.tokens.issue(scope).text,
    async close() {
      server.closeAllConnections();
      waits.stop();
      await server[Symbol.asyncDispose]();
    },
  };
};

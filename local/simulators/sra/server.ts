import { createServer } from 'node:https';
import { createServerIdentity, listen, listenerOf } from '../common/server.ts';
import { createWaits, type Sleep, sleepInRealTime } from '../common/waits.ts';
import type { Load } from '../load.ts';
import { TYPE_RULES } from './account-types.ts';
import { Activity } from './activity.ts';
import { ApiAccounts, DEFAULT_API_ACCOUNT, type SimulatedApiAccount } from './api-accounts.ts';
import type { AuditEntry } from './audit.ts';
import type { Faults } from './faults.ts';
import {
  createFleet,
  DEFAULT_GROUPS,
  DEFAULT_POLICIES,
  type FleetAccount,
  type FleetGroup,
  type FleetPolicy,
} from './fleet.ts';
import { DEFAULT_PEOPLE, performerOf, personNamed, type SimulatedPerson } from './people.ts';
import { Service } from './service.ts';
import type { Site } from './site.ts';
import { actionsOf, type SiteActions } from './site-actions.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { TargetSessions } from './target-sessions.ts';
import { Throttle } from './throttle.ts';
import { type Token, Tokens } from './tokens.ts';
import { Vault } from './vault.ts';

export interface SraOptions {
  /** Default: `createFleet` of 28 accounts with this seed. Remote Support leaves certificates out. */
  readonly fleet?: readonly FleetAccount[];
  /** Default: `DEFAULT_GROUPS`. The first one is the default group. */
  readonly groups?: readonly FleetGroup[];
  /** Default: `DEFAULT_POLICIES`. The first one is the default policy. */
  readonly policies?: readonly FleetPolicy[];
  /** Default: `DEFAULT_API_ACCOUNT`. */
  readonly apiAccounts?: readonly SimulatedApiAccount[];
  /** Default: `DEFAULT_PEOPLE`. */
  readonly people?: readonly SimulatedPerson[];
  readonly switches?: Partial<Switches>;
  /** Real delay of every call before it takes effect. Default 0. */
  readonly latencyMs?: number;
  /** Replaces the real waits of the site: its latency and delayed responses. */
  readonly sleep?: Sleep;
  /** The site's clock in milliseconds, which drives everything at the site. Default: the wall clock. */
  readonly now?: () => number;
  /** Seed of the credentials that changes create. Default 1. */
  readonly seed?: number;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A PRA or RS appliance in memory. */
export interface SraSimulator extends SiteActions {
  /** URL of the site, without a trailing slash. */
  readonly url: string;
  readonly caPem: string;
  /** All calls in the order of their effects. */
  readonly audit: readonly AuditEntry[];
  readonly faults: Faults;
  /** Can be changed at any time. */
  readonly switches: Switches;
  /** Load since the start, counted when calls are received and answered. */
  load(): Load;
  /** Live tokens of all API accounts, or of one. */
  liveTokens(clientId?: string): readonly Token[];
  /** Number of tokens since the start. */
  issuedTokens(): number;
  /** Kills the oldest tokens of an API account, like other programs that take new ones. Default: all. */
  killTokens(clientId: string, count?: number): void;
  /** Changes an API account like an administrator. A new secret, and disabling it, kill its tokens. */
  changeApiAccount(clientId: string, change: Partial<SimulatedApiAccount>): void;
  /** Deletes an API account with its tokens. */
  deleteApiAccount(clientId: string): void;
  /** Uses up calls of this hour, like another program with the same API account. */
  spendCalls(clientId: string, calls: number): void;
  close(): Promise<void>;
}

const HELD_FOR_MS = 3 * 3_600_000;

const serverIdentity = createServerIdentity('SRA simulator CA');

/** Last changes and check-outs from before the start. */
const writeHistory = ({ vault, people, now }: Site, fleet: readonly FleetAccount[]): void => {
  for (const { id, changedAt, heldBy } of fleet) {
    const account = vault.accounts.get(id);
    if (account === undefined) continue;
    const administrator = people[0];
    if (changedAt !== null && administrator !== undefined) {
      vault.record(account, 'Password Changed', performerOf(administrator), { data: 'Manually Edited', at: changedAt });
    }
    if (heldBy !== null) vault.checkOut(account, performerOf(personNamed(people, heldBy)), { at: now() - HELD_FOR_MS });
  }
};

const makeSite = (options: SraOptions): Site => {
  const { now: timeOfDay = Date.now, seed = 1, groups = DEFAULT_GROUPS, policies = DEFAULT_POLICIES } = options;
  const { people = DEFAULT_PEOPLE, apiAccounts = [DEFAULT_API_ACCOUNT] } = options;
  const switches: Switches = { ...DEFAULT_SWITCHES, ...options.switches };
  const now = () => timeOfDay() + switches.clockSkewMs;
  const activity = new Activity(now, switches);
  const all = options.fleet ?? createFleet({ accounts: 28, seed });
  const fleet = switches.product === 'pra' ? all : all.filter(({ type }) => !TYPE_RULES[type].praOnly);
  const site: Site = {
    vault: new Vault({ fleet, groups, policies, seed }, { activity, switches, now }),
    activity,
    targetSessions: new TargetSessions(),
    apiAccounts: new ApiAccounts(apiAccounts, switches),
    tokens: new Tokens(now, switches),
    throttle: new Throttle(now, switches),
    people,
    switches,
    now,
  };
  writeHistory(site, fleet);
  return site;
};

/** Starts an appliance on the loopback address, with a certificate of a private CA. The caller must close it. */
export const startSra = async (options: SraOptions = {}): Promise<SraSimulator> => {
  const { caPem, certificate } = await serverIdentity();
  const waits = createWaits(options.sleep ?? sleepInRealTime);
  const site = makeSite(options);
  const service = new Service(site, { latencyMs: options.latencyMs ?? 0, waits });
  const tls = { cert: certificate.certPem, key: certificate.keyPem, keepAliveTimeout: 60_000 };
  const server = createServer(
    tls,
    listenerOf(service, () => waits.stopped),
  );
  const port = await listen(server, options.port);
  return {
    ...actionsOf(site),
    url: `https://127.0.0.1:${port}`,
    caPem,
    audit: service.audit,
    faults: service.faults,
    switches: site.switches,
    load: () => service.load(),
    liveTokens: (clientId) => site.tokens.live().filter((token) => (clientId ?? token.clientId) === token.clientId),
    issuedTokens: () => site.tokens.issued,
    killTokens: (clientId, count) => site.tokens.kill(clientId, count),
    changeApiAccount(clientId, change) {
      const account = site.apiAccounts.change(clientId, change);
      if (change.clientSecret !== undefined || !account.enabled) site.tokens.kill(clientId);
    },
    deleteApiAccount(clientId) {
      site.apiAccounts.remove(clientId);
      site.tokens.kill(clientId);
    },
    spendCalls: (clientId, calls) => site.throttle.spend(clientId, calls),
    async close() {
      server.closeAllConnections();
      waits.stop();
      await server[Symbol.asyncDispose]();
    },
  };
};

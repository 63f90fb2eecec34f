import type { CallKind } from '#local/simulators/password-safe/audit.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import type { PasswordSafeOptions, PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { Item } from '#shared/domain/item.ts';
import type { RotationSite, VaultSite } from '../vault-bench.ts';
import { describeVault } from '../vault-suite.ts';
import { openRelaySite } from './relay-site.ts';

const USER: SimulatedUser = {
  ...DEFAULT_APPLICATION,
  roles: ['requestor', 'isa', 'global-quarantine', 'secrets-safe', 'account-management', 'system-management'],
};
const FLEET = createFleet({ accounts: 24, seed: 1 });
const PLAIN = FLEET.filter(({ kind }) => kind === 'plain').map(({ accountId }) => accountId);
const ALIASES = [
  { aliasId: 31, aliasName: 'payments', accountIds: PLAIN.slice(0, 2) },
  { aliasId: 32, aliasName: 'reports', accountIds: PLAIN.slice(2, 4) },
  { aliasId: 33, aliasName: 'unmapped', accountIds: [] },
];

const nameOf = ({ systemName, accountName, domainName }: FleetAccount) => ({
  system: systemName,
  account: domainName === null ? accountName : `${domainName}\\${accountName}`,
});
const pairOf = (from: number) => ({
  accounts: FLEET.filter(({ kind }) => kind === 'plain')
    .slice(from, from + 2)
    .map(nameOf),
});
const PAIRS = { orders: pairOf(0), reports: pairOf(2) };

const CALLS: readonly CallKind[] = [
  'list',
  'listRequests',
  'request',
  'credential',
  'policies',
  'secrets',
  'secret',
  'session',
  'sessions',
  'provision',
  'other',
];

type Source = Pick<VaultSite, 'ids' | 'isReadable' | 'valueOf' | 'change' | 'waits' | 'makeAmbiguous'>;

const ofRotation = (simulator: PasswordSafeSimulator, clock: { now: number }): RotationSite => {
  const idOf = ({ ref }: Rotated): number => Number(ref.id.split(':')[1]);
  return {
    valueOf: (item) => simulator.credentialOf(idOf(item)),
    changes: (item) => simulator.changesOf(idOf(item)),
    logOns: (item) => simulator.target(idOf(item)).logOns,
    settle: () => {
      clock.now += simulator.switches.changeDelayMs;
    },
    refuseLogOn: (item) => simulator.target(idOf(item)).behave({ acceptsCredential: false }),
    loseAnswers: () => {
      const effect = { type: 'reset', when: 'after' } as const;
      simulator.faults.add({ kind: 'other', effect }, { kind: 'provision', effect });
    },
  };
};

/** A separate vault, tested by one of its sources. */
const start =
  (source: (simulator: PasswordSafeSimulator) => Source, options: PasswordSafeOptions = {}) =>
  async (): Promise<VaultSite> => {
    const site = { fleet: FLEET, users: [USER], ...options };
    const { simulator, vault, clock } = await openRelaySite({ site, pairs: PAIRS });
    const { change, ...ofSource } = source(simulator);
    return {
      vault,
      ...ofSource,
      rotation: ofRotation(simulator, clock),
      change: (item) => {
        clock.now += 60_000;
        change(item);
      },
      openLeases: () => simulator.openRequests().length,
      endLeases: () => {
        for (const { requestId } of simulator.openRequests()) simulator.deny(requestId);
      },
      openSessions: () => simulator.openSessions().length,
      signIns: () => simulator.audit.filter(({ kind }) => kind === 'signIn').length,
      refuseSignIn: () => simulator.changeUser(USER.userName, { apiKey: { key: 'simulated9'.repeat(12) } }),
      failCalls: () => {
        const effect = { type: 'status', status: 500 } as const;
        simulator.faults.add(...CALLS.map((kind) => ({ kind, times: Infinity, effect })));
      },
      secrets: () => ['canary-', DEFAULT_APPLICATION.apiKey.key, 'ASP.NET_SessionId='],
    };
  };

const accountOf = (simulator: PasswordSafeSimulator, { labels }: Item): FleetAccount | undefined =>
  simulator.accounts().find(({ accountId }) => String(accountId) === labels['accountId']);

const NOT_AT_ONCE: readonly FleetAccount['kind'][] = ['approval', 'not-requestable'];

/** Shared by accounts and aliases: the account that has the credential. */
const ofAccounts = (simulator: PasswordSafeSimulator): Omit<Source, 'ids'> => ({
  isReadable: (item) => !NOT_AT_ONCE.some((kind) => accountOf(simulator, item)?.kind === kind),
  waits: (item) => accountOf(simulator, item)?.kind === 'approval',
  valueOf: ({ labels }) => simulator.credentialOf(Number(labels['accountId'])),
  change: ({ labels }) => void simulator.changeCredential(Number(labels['accountId'])),
});

const accounts = start((simulator) => ({
  ...ofAccounts(simulator),
  ids: () => simulator.accounts().map(({ systemId, accountId }) => `${systemId}:${accountId}`),
  makeAmbiguous: () => {
    const row = { SystemId: 1, AccountId: 7, SystemName: 'web', AccountName: 'admin' };
    const body = JSON.stringify([row, { ...row, AccountId: 8 }]);
    simulator.faults.add({ kind: 'list', effect: { type: 'status', status: 200, body } });
    return { systemName: 'web', accountName: 'admin' };
  },
}));

const byRequest = { source: 'accounts' };
describeVault('accounts by request', {
  type: passwordSafe,
  rule: byRequest,
  sessionRule: { ...byRequest, delivers: 'ssh-ticket' },
  rotates: true,
  start: accounts,
});

const byRole = { source: 'accounts', access: 'isa' };
describeVault('accounts by the ISA role', {
  type: passwordSafe,
  rule: byRole,
  sessionRule: { ...byRole, delivers: 'ssh-ticket' },
  rotates: true,
  start: accounts,
});

describeVault('aliases', {
  type: passwordSafe,
  rule: { source: 'aliases' },
  rotates: true,
  start: start(
    (simulator) => ({
      ...ofAccounts(simulator),
      ids: () => ['31', '32'],
    }),
    { aliases: ALIASES },
  ),
});

describeVault('pairs', {
  type: passwordSafe,
  rule: { source: 'pairs' },
  rotates: true,
  start: start((simulator) => ({
    ...ofAccounts(simulator),
    ids: () => Object.keys(PAIRS),
  })),
});

const UNKNOWN = 'Certificate';

describeVault('secrets of Secrets Safe', {
  type: passwordSafe,
  rule: { source: 'secrets-safe' },
  start: start(
    ({ secretsSafe }) => ({
      ids: () => secretsSafe.all.filter(({ type }) => type !== UNKNOWN).map(({ row }) => row.secretId),
      isReadable: () => true,
      valueOf: ({ ref }) => secretsSafe.byId(ref.id)?.value ?? '',
      change: ({ ref }) => secretsSafe.change(ref.id),
    }),
    { secrets: createSecrets({ plain: 4 }) },
  ),
});

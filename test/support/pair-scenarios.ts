import type { RelayConfig } from '#shared/config/schema.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import type { Scenario } from '#test/support/crash.ts';
import { openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import type { CrashableRelay, Through } from '#test/support/crashable-relay.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { ROTATED, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const SECRET = 'prod/orders';
const RULE = 'weekly';
const ORDER = { rule: RULE, trigger: 'schedule' } as const;
const CHANGES = { sync: 'databases' };
/** Longer than a hold on a pair, and than the time in which a change counts as caused by a check-in. */
const QUIET_MINUTES = 27;

const [system = ''] = ROTATED.systems;
const PAIRS = { orders: { accounts: ROTATED.accounts.map((account) => ({ system, account })) } };

/** The order of accounts is read from their systems. */
const USERS = ROTATING_USERS.map((user) => ({ ...user, roles: [...user.roles, 'system-management' as const] }));

const aPairConfig = (): RelayConfig => {
  const sync = { source: 'pairs', name: 'prod/{pairName}', value: '{credential}', requestMinutes: 120 };
  const { connections, ...config } = aCheckoutConfig({ value: '{credential}' }, sync);
  const { vault } = connections;
  if (vault === undefined) throw new TypeError('The configuration has no connection.');
  return {
    ...config,
    connections: { vault: { ...vault, pairs: PAIRS } },
    rotations: aRotationConfig({ source: 'pairs', deadlineMinutes: 10 }, sync).rotations,
  };
};

const errors = new WeakMap<CrashableRelay, Set<string>>();
const errorsOf = (relay: CrashableRelay): Set<string> => {
  const known = errors.get(relay) ?? new Set();
  errors.set(relay, known);
  return known;
};

/** Takes note of a moment at which the store's value opens no account of the pair. */
const check = (relay: CrashableRelay, when: string): void => {
  const value = relay.manager.currentValues()[SECRET];
  const accounts = relay.simulator.accounts().filter(({ accountName }) => ROTATED.accounts.includes(accountName));
  if (accounts.some(({ systemName, credential }) => systemName === system && credential === value)) return;
  errorsOf(relay).add(`After ${when}, the value of ${SECRET} opens no account.`);
};

/** Checks the value after each invocation. A death at each call shows the values between the calls. */
const checking =
  (relay: CrashableRelay, through: Through = ({ perform }) => perform()): Through =>
  async (invocation) => {
    const invoked = await through(invocation);
    check(relay, invocation.step);
    return invoked;
  };

const changesOf = ({ simulator }: CrashableRelay): number[] =>
  simulator
    .accounts()
    .filter(({ systemName, accountName }) => systemName === system && ROTATED.accounts.includes(accountName))
    .map(({ accountId }) => simulator.changesOf(accountId));

const reasonsOf = async ({ shared }: CrashableRelay, id: string): Promise<string> => {
  const progress = (await shared.read(rotationAt.progress({ rule: RULE, run: `${RULE}.${id}` })))?.record;
  return JSON.stringify(progress?.state.items.map(({ status, reason }) => [status, reason]) ?? []);
};

/** A pair of accounts of the vault that takes turns: first the one account, then the other. */
export const PAIR_SCENARIO: Scenario = {
  config: aPairConfig(),
  site: { users: USERS, fleet: sharedFleet(8).filter(({ kind }) => kind === 'plain') },
  async prepare(relay) {
    await relay.sync('before', CHANGES);
    relay.advance(QUIET_MINUTES);
    check(relay, 'the first sync');
  },
  async act(relay, { through }) {
    await relay.rotate('first', ORDER, { through: checking(relay, through) });
    await relay.rotate('second', ORDER, { through: checking(relay, through) });
  },
  async followUp(relay, { through }) {
    relay.advance(QUIET_MINUTES);
    await relay.rotate('third', ORDER, { through: checking(relay, through) });
  },
  async cleanUp(relay) {
    await relay.reap();
    relay.advance(QUIET_MINUTES);
    await relay.sync('after', CHANGES, { through: checking(relay) });
    await relay.rotate('last', ORDER, { through: checking(relay) });
    const turns = await reasonsOf(relay, 'last');
    if (!turns.includes('rotated') && !turns.includes('is running')) errorsOf(relay).add(`The last turn: ${turns}.`);
  },
  ending: changesOf,
  findErrors: (relay) => [...errorsOf(relay), ...openRequestsOfOurs(relay).map(({ reason }) => `Open: ${reason}`)],
  isSequential: true,
};

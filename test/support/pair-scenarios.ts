import type { AccountView } from '#local/simulators/password-safe/contents.ts';
import type { TargetBehaviour } from '#local/simulators/password-safe/target.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { readActive } from '#shared/records/turn-records.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import type { CrashResult, Scenario } from '#test/support/crash.ts';
import { CrashPlan, type Interruption } from '#test/support/crashable-process.ts';
import { openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import type { CrashableRelay, Through } from '#test/support/crashable-relay.ts';
import { DEADLINE_MINUTES, FLEET, ROTATED, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const SECRET = 'prod/orders';
const RULE = 'weekly';
/** A message starts a rotation also after one that failed, which a schedule does not. */
const ORDER = { rule: RULE, trigger: 'message' } as const;
const CHANGES = { sync: 'databases' };
/** Longer than a hold on a pair, and than the time in which a change counts as caused by a check-in. */
const QUIET_MINUTES = 27;

const [system = ''] = ROTATED.systems;
const PAIRS = { orders: { accounts: ROTATED.accounts.map((account) => ({ system, account })) } };

/** The order of accounts is read from their systems. */
const USERS = ROTATING_USERS.map((user) => ({ ...user, roles: [...user.roles, 'system-management' as const] }));

const aPairConfig = (rule: Record<string, unknown>): RelayConfig => {
  const sync = { source: 'pairs', name: 'prod/{pairName}', requestMinutes: 120 };
  const { connections, ...config } = aCheckoutConfig({ value: '{credential}' }, sync);
  const { vault } = connections;
  if (vault === undefined) throw new TypeError('The configuration has no connection.');
  return {
    ...config,
    connections: { vault: { ...vault, pairs: PAIRS } },
    rotations: aRotationConfig({ source: 'pairs', deadlineMinutes: DEADLINE_MINUTES, ...rule }, sync).rotations,
  };
};

const errors = new WeakMap<CrashableRelay, Set<string>>();
const errorsOf = (relay: CrashableRelay): Set<string> => {
  const known = errors.get(relay) ?? new Set();
  errors.set(relay, known);
  return known;
};

const accountsOf = ({ simulator }: CrashableRelay): AccountView[] =>
  simulator
    .accounts()
    .filter(({ systemName, accountName }) => systemName === system && ROTATED.accounts.includes(accountName));

/** The default value, in which a name of one account with the password of the other opens nothing. */
const secretOf = ({ accountName, credential }: AccountView): string =>
  JSON.stringify({ username: accountName, password: credential });

/** Takes note of a moment at which the store's value opens no account of the pair. */
const check = (relay: CrashableRelay, when: string): void => {
  const value = relay.manager.currentValues()[SECRET];
  const opens = accountsOf(relay).some(
    (account) => secretOf(account) === value && relay.simulator.target(account.accountId).behaviour.acceptsCredential,
  );
  if (opens) return;
  errorsOf(relay).add(`After ${when}, the value of ${SECRET} opens no account.`);
};

/** A plan that also checks the value at each moment. */
class CheckingPlan extends CrashPlan {
  readonly #plan: CrashPlan;
  readonly #check: () => void;

  constructor(plan: CrashPlan, check: () => void) {
    super();
    this.#plan = plan;
    this.#check = check;
  }

  override next(): Interruption | undefined {
    this.#check();
    return this.#plan.next();
  }
}

/** Checks the value before and after each call. */
const checking =
  (relay: CrashableRelay, through: Through = ({ perform }) => perform()): Through =>
  (invocation) =>
    through({
      ...invocation,
      perform: (plan = new CrashPlan()) =>
        invocation.perform(new CheckingPlan(plan, () => check(relay, invocation.step))),
    });

const changesOf = (relay: CrashableRelay): number[] =>
  accountsOf(relay).map(({ accountId }) => relay.simulator.changesOf(accountId));

const reasonsOf = async ({ shared }: CrashableRelay, id: string): Promise<string> => {
  const progress = (await shared.read(rotationAt.progress({ rule: RULE, run: `${RULE}.${id}` })))?.record;
  return JSON.stringify(progress?.state.items.map(({ status, reason }) => [status, reason]) ?? []);
};

/** Behaviour of the idle account of a pair when it changes. */
export interface TurnBehaviour {
  readonly target: Partial<TargetBehaviour>;
  /** True if the next sync runs before the next turn. */
  readonly isSynced: boolean;
}

const pause = (relay: CrashableRelay, when: string): void => {
  relay.advance(QUIET_MINUTES);
  check(relay, when);
};

const WORKING: Partial<TargetBehaviour> = { changes: 'once', acceptsCredential: true, isReachable: true };

/** Lets the idle account behave in a way. One that has become active works, also before a sync has delivered it. */
const behave = async (relay: CrashableRelay, target: Partial<TargetBehaviour>): Promise<void> => {
  const value = relay.manager.currentValues()[SECRET];
  const active = Object.values(await readActive(relay.shared, 'vault'));
  for (const account of accountsOf(relay)) {
    const { systemId, accountId } = account;
    const isIdle = secretOf(account) !== value && !active.includes(`account:${systemId}:${accountId}`);
    relay.simulator.target(accountId).behave(isIdle ? target : WORKING);
  }
};

/** A pair of accounts of the vault that takes turns, whose idle account behaves in the given way in each turn. */
export const pairScenario = (
  turns: readonly TurnBehaviour[] = [{ target: WORKING, isSynced: false }],
  rule: Record<string, unknown> = {},
): Scenario => ({
  config: aPairConfig(rule),
  site: { users: USERS, fleet: FLEET },
  async prepare(relay) {
    await relay.sync('before', CHANGES);
    pause(relay, 'the first sync');
  },
  async act(relay, kill) {
    const through = checking(relay, kill.through);
    for (const [index, { target, isSynced }] of turns.entries()) {
      await behave(relay, target);
      await relay.rotate(`turn-${index}`, ORDER, { through });
      if (index < turns.length - 1 || isSynced) pause(relay, 'a turn');
      if (isSynced) await relay.sync(`turn-${index}`, CHANGES, { through });
    }
  },
  async followUp(relay, kill) {
    pause(relay, 'all turns');
    await relay.rotate('follow-up', ORDER, { through: checking(relay, kill.through) });
  },
  async cleanUp(relay) {
    const through = checking(relay);
    await relay.reap();
    pause(relay, 'all turns');
    await behave(relay, WORKING);
    await relay.sync('after', CHANGES, { through });
    await relay.rotate('last', ORDER, { through });
    check(relay, 'the last turn');
    const ended = await reasonsOf(relay, 'last');
    if (!ended.includes('rotated') && !ended.includes('is running')) errorsOf(relay).add(`The last turn: ${ended}.`);
  },
  ending: changesOf,
  findErrors: (relay) => [...errorsOf(relay), ...openRequestsOfOurs(relay).map(({ reason }) => `Open: ${reason}`)],
  isSequential: true,
});

/** Steps that read or write the records of turns. The campaigns of syncs cover the others. */
const STEPS_OF_TURNS: ReadonlySet<string> = new Set(['sync/plan', 'sync/report']);

/** Selects the moments of the steps that decide about turns. */
export const momentsOfTurns = ({ steps, distinctMoments }: CrashResult): number[] =>
  distinctMoments.filter((moment) => {
    const step = steps[moment] ?? '';
    return step.startsWith('rotate/') || STEPS_OF_TURNS.has(step);
  });

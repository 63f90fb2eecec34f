import type { TargetBehaviour } from '#local/simulators/password-safe/target.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import type { Scenario } from '#test/support/crash.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';
import { DEADLINE_MINUTES, FLEET, ROTATED, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';
import {
  type AnyTurn,
  accountsOf,
  errorsOf,
  isRead,
  SYSTEM,
  turnScenario,
  WORKING,
} from '#test/support/turn-scenarios.ts';

const MINUTE_MS = 60_000;
const ALIAS = 1;
const SYNC = { source: 'aliases', name: 'prod/{aliasName}', requestMinutes: 120 };
const CHANGE = 'ManagedAccounts/{id}/Credentials/Change';

const ACCOUNTS = FLEET.filter(
  ({ systemName, accountName }) => systemName === SYSTEM && ROTATED.accounts.includes(accountName),
);

/** Behaviour of the vault in the turn of an alias. */
export interface AliasTurn extends AnyTurn {
  /** Behaviour of the idle account when it changes. */
  readonly target: Partial<TargetBehaviour>;
  /** Time between the change and the switch of the alias. Infinity: no switch. */
  readonly switchMs: number;
  /** Number of calls after which people switch the alias back; undefined if they do not. */
  readonly switchesBackAfter: number | undefined;
}

/** Switches of an alias: soon, before the test, late, after the rotation has given up, and never. */
export const SWITCHES = {
  soon: 30_000,
  atOnce: 0,
  late: (DEADLINE_MINUTES / 2) * MINUTE_MS,
  tooLate: 2 * DEADLINE_MINUTES * MINUTE_MS,
  never: Number.POSITIVE_INFINITY,
};

export const REGULAR_TURN: AliasTurn = {
  target: WORKING,
  switchMs: SWITCHES.soon,
  switchesBackAfter: undefined,
  isSynced: false,
};

/** The account at which the alias pointed before the latest call, and the calls until people switch it back. */
interface Watch {
  audited: number;
  mapped: number | undefined;
  hasSwitched: boolean;
  leftUntilBack: number | undefined;
}

const watches = new WeakMap<CrashableRelay, Watch>();
const watchOf = (relay: CrashableRelay): Watch => {
  const { simulator } = relay;
  const begin: Watch = {
    audited: simulator.audit.length,
    mapped: simulator.aliasAccount(ALIAS),
    hasSwitched: false,
    leftUntilBack: undefined,
  };
  const known = watches.get(relay) ?? begin;
  watches.set(relay, known);
  return known;
};

/** Takes note of a change of the account that the alias maps, and lets people switch the alias back in time. */
const watch = (relay: CrashableRelay): void => {
  const { simulator } = relay;
  const known = watchOf(relay);
  const { audited, mapped } = known;
  const changes = simulator.audit
    .slice(audited)
    .filter(({ template, tookEffect }) => template === CHANGE && tookEffect);
  if (changes.some(({ accountIds }) => accountIds.some((id) => id === mapped))) {
    errorsOf(relay).add(`The account ${mapped} changed while the alias pointed at it.`);
  }
  known.audited = simulator.audit.length;
  known.mapped = simulator.aliasAccount(ALIAS);
  known.hasSwitched ||= known.mapped !== mapped;
  if (known.leftUntilBack === undefined || !known.hasSwitched) return;
  if (known.leftUntilBack === 0) {
    simulator.switchAlias(ALIAS);
    known.mapped = simulator.aliasAccount(ALIAS);
  }
  known.leftUntilBack = known.leftUntilBack === 0 ? undefined : known.leftUntilBack - 1;
};

const behave = async (relay: CrashableRelay, { target, switchMs, switchesBackAfter }: AliasTurn): Promise<void> => {
  const { simulator } = relay;
  const mapped = simulator.aliasAccount(ALIAS);
  for (const account of accountsOf(relay)) {
    const isIdle = !isRead(relay, account) && account.accountId !== mapped;
    if (isIdle) simulator.target(account.accountId).behave({ ...WORKING, ...target });
  }
  simulator.switches.aliasSwitchMs = switchMs;
  Object.assign(watchOf(relay), { hasSwitched: false, leftUntilBack: switchesBackAfter });
};

/** People repair the accounts, and change what failed its test: until then, no sync delivers it. */
const correct = async (relay: CrashableRelay): Promise<void> => {
  const { simulator } = relay;
  simulator.switches.aliasSwitchMs = SWITCHES.atOnce;
  watchOf(relay).leftUntilBack = undefined;
  for (const { accountId } of accountsOf(relay)) {
    const isBroken = !simulator.target(accountId).behaviour.acceptsCredential;
    simulator.target(accountId).behave(WORKING);
    if (isBroken) simulator.changeCredential(accountId);
  }
};

/** An alias of two accounts of the vault, in whose turns the vault behaves in the given ways. */
export const aliasScenario = (
  turns: readonly AliasTurn[] = [REGULAR_TURN],
  rule: Record<string, unknown> = {},
): Scenario =>
  turnScenario({
    config: {
      ...aCheckoutConfig({ value: '{credential}' }, SYNC),
      rotations: aRotationConfig({ source: 'aliases', deadlineMinutes: DEADLINE_MINUTES, ...rule }, SYNC).rotations,
    },
    site: {
      users: ROTATING_USERS,
      fleet: FLEET,
      aliases: [{ aliasId: ALIAS, aliasName: 'orders', accountIds: ACCOUNTS.map(({ accountId }) => accountId) }],
    },
    turns,
    behave,
    correct,
    watch,
  });

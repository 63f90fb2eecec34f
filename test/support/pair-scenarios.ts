import type { TargetBehaviour } from '#local/simulators/password-safe/target.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { readActive } from '#shared/records/turn-records.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import type { Scenario } from '#test/support/crash.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';
import { DEADLINE_MINUTES, FLEET, ROTATED, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';
import { type AnyTurn, accountsOf, isRead, SYSTEM, turnScenario, WORKING } from '#test/support/turn-scenarios.ts';

const PAIRS = { orders: { accounts: ROTATED.accounts.map((account) => ({ system: SYSTEM, account })) } };

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

/** Behaviour of the idle account of a pair when it changes. */
export interface TurnBehaviour extends AnyTurn {
  readonly target: Partial<TargetBehaviour>;
}

/** Lets the idle account behave in a way. One that has become active works, also before a sync has delivered it. */
const behave = async (relay: CrashableRelay, target: Partial<TargetBehaviour>): Promise<void> => {
  const active = Object.values(await readActive(relay.shared, 'vault'));
  for (const account of accountsOf(relay)) {
    const { systemId, accountId } = account;
    const isIdle = !isRead(relay, account) && !active.includes(`account:${systemId}:${accountId}`);
    relay.simulator.target(accountId).behave(isIdle ? target : WORKING);
  }
};

/** A pair of accounts of the vault that takes turns, whose idle account behaves in the given way in each turn. */
export const pairScenario = (
  turns: readonly TurnBehaviour[] = [{ target: WORKING, isSynced: false }],
  rule: Record<string, unknown> = {},
): Scenario =>
  turnScenario({
    config: aPairConfig(rule),
    site: { users: USERS, fleet: FLEET },
    turns,
    behave: (relay, { target }) => behave(relay, target),
    correct: (relay) => behave(relay, WORKING),
  });

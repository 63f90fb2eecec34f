import type { AccountView } from '#local/simulators/password-safe/contents.ts';
import type { Switches } from '#local/simulators/password-safe/switches.ts';
import type { TargetBehaviour } from '#local/simulators/password-safe/target.ts';
import { crash, type Scenario } from '#test/support/crash.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';
import { itemOf } from '#test/support/fleet-items.ts';
import { rotationErrors, rotationReport } from '#test/support/rotation-promises.ts';
import { aRotation, DEADLINE_MINUTES, ROTATED, rotateAgain } from '#test/support/rotation-scenarios.ts';
import { termsOf } from '#test/support/terms.ts';

const MINUTE_MS = 60_000;
const IN_TIME_MS = (DEADLINE_MINUTES / 2) * MINUTE_MS;
const TOO_LATE_MS = 2 * DEADLINE_MINUTES * MINUTE_MS;

/** Behaviour of the vault, or of the target of one of two accounts, during a rotation of both. */
interface Misbehaviour {
  readonly rule?: Record<string, unknown>;
  readonly switches?: Partial<Switches>;
  readonly target?: Partial<TargetBehaviour>;
  /** Another deed, before the rotation. */
  readonly before?: (relay: CrashableRelay, account: AccountView) => Promise<unknown>;
  /** Outcome in the report. */
  readonly ends: 'rotated' | 'unknown, watched' | 'changed, test failed' | 'failed' | 'skipped';
  /** Log-ons of the vault's tests. */
  readonly logOns: number;
  /** True if the account has another credential once the vault had all its time. */
  readonly changes: boolean;
  /** True if no sync delivers the new credential. */
  readonly isHeld?: boolean;
  /** True if the other account ends in the same way. */
  readonly isOfAll?: boolean;
}

const QUEUED = { queue: true };

export const MISBEHAVIOURS = {
  'reports a change, and changes nothing': {
    ...{ target: { changes: 'never' }, ends: 'unknown, watched', logOns: 0, changes: false },
  },
  'changes late': {
    ...{ target: { changes: 'late', lateMs: IN_TIME_MS }, ends: 'rotated', logOns: 1, changes: true },
  },
  'changes after the rotation has given up': {
    ...{ target: { changes: 'late', lateMs: TOO_LATE_MS }, ends: 'unknown, watched', logOns: 0, changes: true },
  },
  'changes twice, the second time after the test': {
    ...{ target: { changes: 'twice', lateMs: TOO_LATE_MS }, ends: 'rotated', logOns: 1, changes: true },
  },
  'changes twice before the first look': {
    ...{ target: { changes: 'twice', lateMs: 1000 }, rule: QUEUED, ends: 'rotated', logOns: 1, changes: true },
  },
  'fails the test': {
    target: { acceptsCredential: false, locksAfter: 2 },
    ...{ ends: 'changed, test failed', logOns: 1, changes: true, isHeld: true },
  },
  'cannot reach the target': {
    ...{ target: { isReachable: false }, ends: 'unknown, watched', logOns: 0, changes: false },
  },
  'repeats a failed change after the rotation has given up': {
    target: { isReachable: false },
    switches: { agentRetries: 1, agentRetryMs: TOO_LATE_MS },
    ...{ ends: 'unknown, watched', logOns: 0, changes: true },
  },
  'has a queue that is slow': {
    switches: { changeDelayMs: IN_TIME_MS },
    ...{ rule: QUEUED, ends: 'rotated', logOns: 1, changes: true, isOfAll: true },
  },
  'has a queue that stalls': {
    switches: { changeDelayMs: TOO_LATE_MS },
    ...{ rule: QUEUED, ends: 'unknown, watched', logOns: 0, changes: true, isOfAll: true },
  },
  'changes the credential already': {
    switches: { changeDelayMs: IN_TIME_MS },
    // The release by a person makes the vault change it.
    before: async (relay, account) =>
      relay.asPerson(async (leases) => {
        const { id } = await leases.open(itemOf(account), termsOf({ changeAtEnd: true }));
        await leases.close(id, 'Done');
      }),
    ...{ ends: 'skipped', logOns: 0, changes: true },
  },
  'shows the new date late': {
    switches: { propagation: 'delays-date', propagationMs: IN_TIME_MS },
    ...{ ends: 'rotated', logOns: 1, changes: true, isOfAll: true },
  },
  'shows the old state for a while': {
    switches: { propagation: 'delays-state', propagationMs: IN_TIME_MS },
    ...{ ends: 'rotated', logOns: 1, changes: true, isOfAll: true },
  },
} as const satisfies Readonly<Record<string, Misbehaviour>>;

const [MISBEHAVING = ''] = ROTATED.accounts;

const misbehaving = ({ simulator }: CrashableRelay): AccountView => {
  const account = simulator.accounts().find(({ accountName }) => accountName === MISBEHAVING);
  if (account === undefined) throw new Error(`The fleet lacks the account ${MISBEHAVING}.`);
  return account;
};

/** Two accounts in one wave, of which one misbehaves. */
const scenarioOf = ({ rule, switches, target, before, isHeld, ...expected }: Misbehaviour): Scenario => {
  const scenario = aRotation({ canary: 2, perSystem: 2, threshold: { count: 3 }, ...rule });
  const untouched = new WeakMap<CrashableRelay, string>();
  return {
    ...scenario,
    ...(isHeld === true && {
      cleanUp: rotateAgain((relay) =>
        Object.values(relay.manager.currentValues()).includes(untouched.get(relay) ?? '')
          ? []
          : ['A sync delivered a credential that failed its test.'],
      ),
    }),
    async prepare(relay) {
      await scenario.prepare(relay);
      const { simulator } = relay;
      const account = misbehaving(relay);
      Object.assign(simulator.switches, switches);
      if (target !== undefined) simulator.target(account.accountId).behave(target);
      await before?.(relay, account);
      untouched.set(relay, account.credential);
    },
    async act(relay, kill) {
      const { simulator } = relay;
      const { accountId } = misbehaving(relay);
      await scenario.act(relay, kill);
      const report = await rotationReport(relay, 'weekly', 'weekly.killed');
      const ends = report?.items.map(({ title, outcome }) => `${title.split('/').at(-1)}: ${outcome}`).toSorted();
      const others = ROTATED.accounts.filter((name) => name !== MISBEHAVING);
      const wanted = [
        `${MISBEHAVING}: ${expected.ends}`,
        ...others.map((name) => `${name}: ${expected.isOfAll === true ? expected.ends : 'rotated'}`),
      ];
      const { logOns, isLocked } = simulator.target(accountId);
      simulator.target(accountId).behave({ isReachable: true, changes: 'once', acceptsCredential: true });
      relay.advance(TOO_LATE_MS / MINUTE_MS);
      simulator.switches.changeDelayMs = MINUTE_MS;
      rotationErrors(relay).push(
        ...(JSON.stringify(ends) === JSON.stringify(wanted.toSorted()) ? [] : [`The report says ${ends?.join(', ')}.`]),
        ...(logOns === expected.logOns ? [] : [`The vault logged on ${logOns} times.`]),
        ...(isLocked ? ['The tests have locked the account.'] : []),
        ...(simulator.changesOf(accountId) > 0 === expected.changes
          ? []
          : [`The credential changed ${simulator.changesOf(accountId)} times.`]),
      );
    },
  };
};

/** Rotates while the vault misbehaves. Returns a sentence for each broken promise. */
export const misbehave = async (misbehaviour: Misbehaviour): Promise<readonly string[]> => {
  const { broken } = await crash({ scenario: scenarioOf(misbehaviour), death: 'function', moments: [] });
  return broken;
};

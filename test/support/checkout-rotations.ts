import { RelayError } from '#shared/errors.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { brokenCheckouts, wrongReports } from '#test/support/checkout-promises.ts';
import { aCheckout, anAccount } from '#test/support/checkout-scenarios.ts';
import type { CrashResult, Disturbance, Scenario } from '#test/support/crash.ts';
import { brokenPromises, openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import { type CrashableRelay, type RunOptions, type Through, watching } from '#test/support/crashable-relay.ts';
import { brokenRotations } from '#test/support/rotation-promises.ts';
import { aRotatingConfig, FLEET, FOLDER, HELD_MINUTES, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const RULE = 'weekly';
const ACCOUNT = 'svc-backup';
const CHANGES = { sync: 'databases' };
const QUIET_MINUTES = 11;
const HOUR_MINUTES = 60;

/** End of a checkout: by its message, by the end of its window, or by a message at the end of its window. */
export type CheckoutEnd = 'message' | 'window' | 'both';

interface Watched {
  readonly broken: Set<string>;
  /** Statuses of the rotations that ran, by their names. */
  readonly rotations: Map<string, string>;
  changes: number;
  isOpen: boolean;
  /** True if a checkout has opened the account. */
  wasOpen: boolean;
}

const accountIn = ({ simulator }: CrashableRelay) => {
  const account = simulator.accounts().find(({ accountName }) => accountName === ACCOUNT);
  if (account === undefined) throw new Error(`The fleet lacks the account ${ACCOUNT}.`);
  return account;
};

const changesIn = (relay: CrashableRelay): number => relay.simulator.changesOf(accountIn(relay).accountId);

const known = new WeakMap<CrashableRelay, Watched>();
const watchedIn = (relay: CrashableRelay): Watched => {
  const begin = { broken: new Set<string>(), rotations: new Map<string, string>(), isOpen: false, wasOpen: false };
  const watched = known.get(relay) ?? { ...begin, changes: changesIn(relay) };
  known.set(relay, watched);
  return watched;
};

/** Watches the account before and after each call. */
const watch = (relay: CrashableRelay, through?: Through): Through =>
  watching(() => {
    const watched = watchedIn(relay);
    const changes = changesIn(relay);
    if (watched.isOpen && changes > watched.changes) watched.broken.add('The account changed under an open checkout.');
    watched.changes = changes;
    watched.isOpen = openRequestsOfOurs(relay).some(({ reason }) => reason.includes('/checkout/'));
    watched.wasOpen ||= watched.isOpen;
    return undefined;
  }, through);

const runRotations = async (relay: CrashableRelay, options: RunOptions): Promise<void> => {
  const ended = await relay.runStartedRotations(options);
  for (const [run, status] of Object.entries(ended)) watchedIn(relay).rotations.set(run, status);
};

const orders = (relay: CrashableRelay, ids: readonly string[]) => ids.map((id) => aCheckout(anAccount(relay), id));

/** Runs a checkout until its end. Rotations that an earlier one has started run while it is open. */
const checkOut = async (relay: CrashableRelay, id: string, ends: CheckoutEnd, through: Through): Promise<void> => {
  const [order] = orders(relay, [id]);
  if (order === undefined) return;
  let isReleased = false;
  const wait = async (seconds: number): Promise<void> => {
    const { isOpen } = watchedIn(relay);
    if (isOpen) await runRotations(relay, { through });
    if (isOpen && ends === 'both') relay.advance(seconds / 60);
    if (isOpen && ends !== 'window' && !isReleased) {
      isReleased = true;
      await relay.release(order, { through });
    }
    if (!isOpen || ends !== 'both') relay.advance(seconds / 60);
  };
  await relay.checkOut(order, { through, wait });
};

/** A sentence if the account did not change although it was opened, and no report or status says so. */
const silent = (relay: CrashableRelay): string[] => {
  const { wasOpen, rotations } = watchedIn(relay);
  if (!wasOpen || changesIn(relay) > 0) return [];
  const isTold = [...rotations].some(([run, status]) => {
    if (status !== 'SUCCEEDED') return true;
    const text = relay.records.objects.get(rotationAt.report({ rule: RULE, run }).key) ?? '';
    return /"outcome":"(skipped|failed|unknown, watched)"/.test(text);
  });
  return isTold ? [] : [`The account was opened, and never rotated: ${JSON.stringify([...rotations])}`];
};

/** Checkouts of one account whose ends rotate it, one after the other. */
export const rotatingCheckout = (ends: CheckoutEnd, ids: readonly string[] = ['CHG1']): Scenario => ({
  config: aRotatingConfig({}, { rotate: RULE, rotateOnCheckIn: false }),
  site: { users: ROTATING_USERS, fleet: FLEET },
  async prepare(relay) {
    await relay.sync('before', CHANGES);
    relay.advance(QUIET_MINUTES);
    watchedIn(relay);
  },
  async act(relay, kill) {
    const through = watch(relay, kill.through);
    for (const id of ids) await checkOut(relay, id, ends, through);
    await runRotations(relay, { through });
  },
  async followUp(relay, kill) {
    relay.advance(1);
    const through = watch(relay, kill.through);
    await relay.reap(kill.crashPlan, { through, mayFail: true });
    await runRotations(relay, { through });
  },
  async cleanUp(relay) {
    const through = watch(relay);
    for (const minutes of [1, HOUR_MINUTES, HELD_MINUTES]) {
      relay.advance(minutes);
      await relay.reap(undefined, { through });
      await runRotations(relay, { through });
    }
    relay.advance(HELD_MINUTES);
    await relay.sync('after', CHANGES);
  },
  findErrors: (relay) => [
    ...watchedIn(relay).broken,
    ...silent(relay),
    ...(changesIn(relay) > ids.length ? [`The account changed ${changesIn(relay)} times.`] : []),
    ...brokenCheckouts(relay),
    ...orders(relay, ids).flatMap((order) => wrongReports(relay, order)),
    ...brokenRotations(relay, RULE),
    ...brokenPromises(relay, FOLDER),
  ],
  ending: changesIn,
  isSequential: true,
});

const STEPS: ReadonlySet<string> = new Set(['checkout/checkin', 'checkout/retire', 'checkout/report', 'rotate/plan']);

/** Selects every nth moment of the end of a checkout, and of the start of its rotation. */
export const everyNthOfEnd =
  (stride: number) =>
  ({ steps, distinctMoments }: CrashResult): number[] =>
    distinctMoments
      .filter((moment) => STEPS.has(steps[moment] ?? ''))
      .filter((_, index) => index % stride === Math.floor(stride / 2));

/** A call that fails, with or without its effect. */
export const FAILED_CALL: Disturbance = {
  apply: async () => {
    throw new RelayError('VaultUnavailable', 'The call failed.', { mayHaveHappened: true });
  },
  leavesSessions: true,
};

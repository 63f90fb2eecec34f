import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { brokenCheckouts, reportOf, wrongReports } from '#test/support/checkout-promises.ts';
import { aCheckout, anAccount } from '#test/support/checkout-scenarios.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { CrashPlan, type Interruption } from '#test/support/crashable-process.ts';
import { openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import { type CrashableRelay, type RunOptions, startCrashableRelay } from '#test/support/crashable-relay.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { interleave } from '#test/support/interleave.ts';
import { machines } from '#test/support/machines.ts';

const ACCOUNTS = 8;
const SYNC = 'databases';

type Gate = () => Promise<void>;

/** Awaits the gate before and after each call, so that other actors can go first. */
class GatedPlan extends CrashPlan {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    super();
    this.#gate = gate;
  }

  override next(): Interruption {
    return this.#gate;
  }
}

/** A clock that advances only when every actor sleeps. */
export const sharedTime = (relay: CrashableRelay, actors: number) => {
  const waking = new Set<{ readonly until: number }>();
  let awake = actors;
  const advanceToNext = (): void => {
    const next = Math.min(...[...waking].map(({ until }) => until));
    relay.advance(Math.max(0, next - relay.now()) / 60_000);
  };
  return {
    leave: (): void => {
      awake -= 1;
    },
    sleep: async (seconds: number, gate: Gate): Promise<void> => {
      const sleeper = { until: relay.now() + seconds * 1000 };
      waking.add(sleeper);
      awake -= 1;
      while (relay.now() < sleeper.until) {
        if (awake === 0) advanceToNext();
        await gate();
      }
      waking.delete(sleeper);
      awake += 1;
    },
  };
};

/** Attributes each check-in to an actor. Calls run one at a time, and `record` is called between them. */
const watchCheckIns = (relay: CrashableRelay) => {
  const { simulator } = relay;
  const reasons = new Map<number, string>();
  const broken: string[] = [];
  let audited = 0;
  return {
    broken,
    record(actor: string): void {
      for (const { kind, status, requestId = 0 } of simulator.audit.slice(audited)) {
        const reason = reasons.get(requestId) ?? '';
        if (kind === 'checkin' && status === 204 && !reason.includes(`/${actor}/`)) {
          broken.push(`${actor} checked in a request of another actor: ${reason}`);
        }
      }
      audited = simulator.audit.length;
      for (const { requestId, reason } of openRequestsOfOurs(relay)) reasons.set(requestId, reason);
    },
  };
};

/** Creates actors of an interleaving, each of which waits for its turn before every call, and shares the time. */
export const createActor =
  (watcher: { readonly record: (name: string) => void }, time: ReturnType<typeof sharedTime>) =>
  (name: string, run: (options: RunOptions) => Promise<unknown>) =>
  async (gate: Gate): Promise<void> => {
    const awaitTurn = async (): Promise<void> => {
      watcher.record(name);
      await gate();
    };
    await run({
      through: ({ perform }) => perform(new GatedPlan(awaitTurn)),
      wait: (seconds) => time.sleep(seconds, gate),
    });
    watcher.record(name);
    time.leave();
  };

/**
 * Runs two checkouts and a sync of one account at once. The numbers determine the order of their calls.
 * @returns a sentence for each broken promise.
 */
export const raceForAccount = async (choices: readonly number[]): Promise<string[]> => {
  const config = aCheckoutConfig({ value: '{credential}' }, { name: 'prod/{systemName}/{accountName}' });
  const relay = await startCrashableRelay({ machines, config, fleet: sharedFleet(ACCOUNTS) });
  try {
    const orders = ['CHG1', 'CHG2'].map((id) => aCheckout(anAccount(relay), id));
    const time = sharedTime(relay, orders.length + 1);
    const watcher = watchCheckIns(relay);
    const actor = createActor(watcher, time);
    await interleave(
      [
        ...orders.map((order) => actor(checkoutRun(order), (options) => relay.checkOut(order, options))),
        actor(`${SYNC}.1`, (options) => relay.sync('1', { sync: SYNC }, options)),
      ],
      choices,
    );
    return [
      ...watcher.broken,
      ...brokenCheckouts(relay),
      ...orders.flatMap((order) => [
        ...wrongReports(relay, order),
        ...(reportOf(relay, order)?.status === 'completed' ? [] : [`${order.id} was not completed.`]),
      ]),
    ];
  } finally {
    await relay.close();
  }
};

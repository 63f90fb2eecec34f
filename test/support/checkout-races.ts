import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { brokenCheckouts, reportOf, wrongReports } from '#test/support/checkout-promises.ts';
import { aCheckout, anAccount } from '#test/support/checkout-stories.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { interleave } from '#test/support/interleave.ts';
import { machines } from '#test/support/machines.ts';
import { Fate, type Happening } from '#test/support/mortal.ts';
import { openRequestsOfOurs } from '#test/support/mortal-promises.ts';
import { type MortalRelay, type RunOptions, startMortalRelay } from '#test/support/mortal-relay.ts';
import { sharedFleet } from '#test/support/mortal-site.ts';

const ACCOUNTS = 8;
const SYNC = 'databases';

type Gate = () => Promise<void>;

/** A process that lets others go first before each of its calls, and after it. */
class Crowded extends Fate {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    super();
    this.#gate = gate;
  }

  override next(): Happening {
    return this.#gate;
  }
}

/** Time that passes only when everybody waits for it. */
const sharedTime = (relay: MortalRelay, actors: number) => {
  const waking = new Set<{ readonly until: number }>();
  let awake = actors;
  const passToNext = (): void => {
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
        if (awake === 0) passToNext();
        await gate();
      }
      waking.delete(sleeper);
      awake += 1;
    },
  };
};

/** Sees who gives which request back: of all calls one happens at a time, between two looks of who made it. */
const watchCheckIns = (relay: MortalRelay) => {
  const { simulator } = relay;
  const reasons = new Map<number, string>();
  const broken: string[] = [];
  let audited = 0;
  return {
    broken,
    look(actor: string): void {
      for (const { kind, status, requestId = 0 } of simulator.audit.slice(audited)) {
        const reason = reasons.get(requestId) ?? '';
        if (kind === 'checkin' && status === 204 && !reason.includes(`/${actor}/`)) {
          broken.push(`${actor} gave back what was not its own: ${reason}`);
        }
      }
      audited = simulator.audit.length;
      for (const { requestId, reason } of openRequestsOfOurs(relay)) reasons.set(requestId, reason);
    },
  };
};

/**
 * Two checkouts and a sync of one account at once, each of whose calls comes when the numbers say so.
 * @returns a sentence for each promise that did not hold.
 */
export const raceForAccount = async (choices: readonly number[]): Promise<string[]> => {
  const config = aCheckoutConfig({ value: '{credential}' }, { name: 'prod/{systemName}/{accountName}' });
  const relay = await startMortalRelay({ machines, config, fleet: sharedFleet(ACCOUNTS) });
  try {
    const orders = ['CHG1', 'CHG2'].map((id) => aCheckout(anAccount(relay), id));
    const time = sharedTime(relay, orders.length + 1);
    const watcher = watchCheckIns(relay);
    const actor = (name: string, run: (options: RunOptions) => Promise<unknown>) => async (gate: Gate) => {
      const pass = async (): Promise<void> => {
        watcher.look(name);
        await gate();
      };
      await run({
        through: ({ perform }) => perform(new Crowded(pass)),
        wait: (seconds) => time.sleep(seconds, gate),
      });
      watcher.look(name);
      time.leave();
    };
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

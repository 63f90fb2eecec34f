import { beforeEach, describe, expect, it } from 'vitest';
import { createRetire, type RetireDependencies } from '#functions/checkout/retire/retire.ts';
import { newStamp } from '#shared/domain/checkout/stamps.ts';
import { signalAt } from '#shared/records/signals.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import type { Run } from '#shared/workflows/run.ts';
import {
  aCheckoutRun,
  after,
  CHECKOUT,
  NOW,
  OTHER_CHECKOUT,
  type RecordedCheckout,
  recordCheckout,
} from '#test/support/checkouts.ts';
import { fakeStore, memoryRecords, memorySignals } from '#test/support/fakes.ts';

const stampOf = ({ run }: Pick<Run, 'run'>): string => newStamp(run, '0'.repeat(32));
const stored = (number: number) => ({ name: `checkouts/CHG1/db-01/a${number}`, stamp: stampOf(CHECKOUT) });

describe('retiring what a checkout delivered', () => {
  let store: ReturnType<typeof fakeStore>;
  let records: ReturnType<typeof memoryRecords>;
  let signals: ReturnType<typeof memorySignals>;
  beforeEach(() => {
    store = fakeStore([stored(1), stored(2), { name: 'checkouts/CHG2/db-01/a1', stamp: stampOf(CHECKOUT) }]);
    records = memoryRecords();
    signals = memorySignals();
    recovery = 'days';
  });
  let recovery: StoreRules['recovery'];
  const storeRules = async () => ({ recovery });
  const stepWith = (storeFor: RetireDependencies['storeFor']) =>
    createRetire({ storeFor, storeRules, placeOf: async (name) => name, records, signals, now: () => NOW });
  const retire = () => stepWith(async () => store.store)(aCheckoutRun);
  const record = (checkout: RecordedCheckout = {}) => recordCheckout(records, { numbers: [1, 2], ...checkout });

  it('retires what the checkout delivered, and nothing of another checkout', async () => {
    await record();
    expect(await retire()).toEqual({ at: after(0), retired: 2 });
    expect([...store.presences.keys()]).toEqual(['checkouts/CHG2/db-01/a1']);
  });

  it('leaves the closing signal before it looks at any secret', async () => {
    await record();
    const { inspect } = store.store;
    const noted: string[][] = [];
    store.store.inspect = async (name) => {
      noted.push([...signals.keys]);
      return inspect(name);
    };
    await retire();
    expect(noted[0]).toEqual([signalAt.closing(CHECKOUT)]);
  });

  it('leaves the released signal if a release runs it, even one that was started by hand', async () => {
    await stepWith(async () => store.store)({
      ...aCheckoutRun,
      order: { type: 'checkout.released' },
    });
    expect([...signals.keys]).toEqual([signalAt.released(CHECKOUT)]);
  });

  it('keeps a secret that another checkout delivered under the same name', async () => {
    await record();
    store.presences.set(stored(2).name, { kind: 'owned', stamp: stampOf(OTHER_CHECKOUT), retired: false });
    expect(await retire()).toEqual({ at: after(0), retired: 1 });
    expect(store.retired).toEqual([stored(1).name]);
  });

  it.each(['d0a1c3b2-0000-4000-8000-000000000001', undefined])(
    'retires a secret that a person overwrote, because its previous version is still readable: %s',
    async (stamp) => {
      await record({ numbers: [1] });
      store.presences.set(stored(1).name, { kind: 'owned', stamp, retired: false });
      expect(await retire()).toEqual({ at: after(0), retired: 1 });
    },
  );

  it('can be repeated, and counts the secrets that existed', async () => {
    await record({ numbers: [1, 2, 3] });
    expect(await retire()).toEqual({ at: after(0), retired: 2 });
    expect(await retire()).toEqual({ at: after(0), retired: 0 });
  });

  it('retires nothing if nothing was planned', async () => {
    expect(await retire()).toEqual({ at: after(0), retired: 0 });
    expect(store.retired).toEqual([]);
  });

  it.each([
    ['destroy', 'days', 'none'],
    ['recoverable', 'days', 7],
    ['recoverable', 'none', 'none'],
  ] as const)(
    'uses the rule from the start of the checkout, as far as the store can: %s, %s',
    async (policy, ability, used) => {
      recovery = ability;
      const asked: unknown[] = [];
      store.store.retire = async (_name, days) => {
        asked.push(days);
        return true;
      };
      await record({ rule: { retire: policy }, numbers: [1] });
      await retire();
      expect(asked).toEqual([used]);
    },
  );

  it('retires everything that it can before it throws', async () => {
    await record();
    store.fail(stored(1).name, 'StoreUnavailable');
    await expect(retire()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(store.presences.has(stored(2).name)).toBe(false);
  });

  it('uses the store in the record', async () => {
    await record({ rule: { stores: ['elsewhere'] } });
    const seen: unknown[] = [];
    const storeFor = async (...of: string[]) => {
      seen.push(of);
      return store.store;
    };
    await stepWith(storeFor)(aCheckoutRun);
    expect(seen).toEqual([['elsewhere', 'tickets']]);
  });
});

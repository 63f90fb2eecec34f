import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import { createRetire } from '#functions/checkout/retire/retire.ts';
import { createRetrieveCheckout } from '#functions/checkout/retrieve/retrieve.ts';
import { newStamp } from '#shared/domain/checkout/stamps.ts';
import { RelayError } from '#shared/errors.ts';
import { signalAt } from '#shared/records/signals.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Retrieved } from '#shared/workflows/checkout.ts';
import { aCheckoutRun, after, CHECKOUT, NOW, OTHER_CHECKOUT, recordCheckout } from '#test/support/checkouts.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryPages, memoryRecords, memorySignals } from '#test/support/fakes.ts';

const STORES = ['aws', 'dr'] as const;
type StoreName = (typeof STORES)[number];

const nameOf = (number: number): string => `checkouts/CHG1/db-01/a${number}`;
const numbersUpTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The steps of a checkout that deliver, retire and report, with two stores. */
const aScene = () => {
  const stores = { aws: fakeStore(), dr: fakeStore() };
  const vault = fakeVault();
  /** Places of the stores that a deployment moved. */
  const places: Record<string, string> = {};
  const records = memoryRecords();
  const signals = memorySignals();
  let stamps = 0;
  const opened: Readonly<Record<string, () => SecretStore>> = {
    aws: () => stores.aws.store,
    dr: () => stores.dr.store,
  };
  const storeFor = async (store: string): Promise<SecretStore> => {
    const open = opened[store];
    if (open === undefined) throw new RelayError('ConfigurationInvalid', `There is no store ${store}.`);
    return open();
  };
  const placeOf = async (store: string): Promise<string> => places[store] ?? store;
  const shared = { storeFor, placeOf, records, signals, tell: async () => {}, now: () => NOW };
  const retrieve = createRetrieveCheckout({
    ...shared,
    relayId: 'relay',
    vaultOf: async () => vault.vault,
    random: () => String(++stamps).padStart(32, '0'),
  });
  const notified: string[][] = [];
  const report = createReportCheckout({
    ...shared,
    pages: memoryPages(),
    measure: async () => {},
    notify: async (_subject, lines) => void notified.push([...lines]),
  });
  const names = (store: StoreName): string[] => [...stores[store].presences.keys()];
  return {
    stores,
    places,
    vault,
    signals,
    notified,
    /** Records a checkout that needs no leases. */
    record: (count: number, rule: Record<string, unknown> = {}) =>
      recordCheckout(records, { rule: { access: 'isa', stores: STORES, ...rule }, numbers: numbersUpTo(count) }),
    retrieve: () => retrieve(aCheckoutRun),
    retire: () => createRetire({ ...shared, storeRules: async () => ({ recovery: 'none' }) })(aCheckoutRun),
    report: (retrieved: Retrieved) =>
      report({
        ...{ ...aCheckoutRun, retrieved, retired: { retired: 1 }, checkedIn: { at: after(0), closed: 0 } },
        watched: { next: 'report', waitSeconds: 0, ending: 'completed' },
      }),
    names,
    left: (): string[] => STORES.flatMap(names),
  };
};

const stampOf = (run: string): string => newStamp(run, '0'.repeat(32));

describe('a checkout with two stores', () => {
  let scene: ReturnType<typeof aScene>;
  beforeEach(() => {
    scene = aScene();
  });
  const deny = (store: StoreName, ...numbers: readonly number[]) => {
    for (const number of numbers) scene.stores[store].fail(nameOf(number), 'StoreDenied');
  };

  it('reads each item once, and delivers it to both', async () => {
    await scene.record(2);
    expect(await scene.retrieve()).toEqual({ at: after(0), delivered: 4, gone: false });
    expect(scene.vault.count('readPlain')).toBe(2);
    for (const store of STORES) expect(scene.names(store)).toEqual([nameOf(1), nameOf(2)]);
  });

  it('goes on if one store fails, and reports and announces the missing secrets once', async () => {
    await scene.record(2);
    deny('dr', 2);
    const retrieved = await scene.retrieve();
    const error = `StoreDenied: Store dr: StoreDenied for ${nameOf(2)}`;
    expect(retrieved).toMatchObject({
      delivered: 3,
      undelivered: { count: 1, first: [{ item: 1, store: 'dr', error }] },
    });
    const { notes } = await scene.report(retrieved);
    expect(notes).toEqual([
      `The delivery of db-01/a2 to ${nameOf(2)} in the store dr was not confirmed. ${error}`,
      expect.stringContaining('request the checkout again under another id'),
    ]);
    await scene.report(retrieved);
    expect(scene.notified).toEqual([expect.arrayContaining(['Stores: aws, dr.', ...notes])]);
  });

  it('lists at most 20 missing secrets, with shortened messages, and counts the others', async () => {
    await scene.record(20, { stores: ['aws', 'dr', 'gone'] });
    deny('dr', 7);
    scene.stores.dr.store.adoption = () => 'x'.repeat(5000);
    scene.stores.dr.presences.set(nameOf(1), { kind: 'foreign' });
    const retrieved = await scene.retrieve();
    expect(retrieved).toMatchObject({ delivered: 38, undelivered: { count: 22 } });
    const { first = [] } = retrieved.undelivered ?? {};
    expect(first).toHaveLength(20);
    expect(Math.max(...first.map(({ error }) => error.length))).toBe(1000);
    expect((await scene.report(retrieved)).notes).toContain('The deliveries of 2 more secrets were not confirmed.');
  });

  it('leaves alone what is in a store that a deployment moved, and reports it', async () => {
    await scene.record(1);
    await scene.retrieve();
    scene.places['dr'] = 'elsewhere';
    await expect(scene.retire()).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringContaining(
        `The store dr was moved in relay.yaml after the checkout had begun, so the secret ${nameOf(1)} was left alone.`,
      ),
    });
    expect(scene.left()).toEqual([nameOf(1)]);
    delete scene.places['dr'];
    await scene.retire();
    expect(scene.left()).toEqual([]);
  });

  it('delivers nothing to a place that no step would clear', async () => {
    await scene.record(1);
    scene.places['dr'] = 'elsewhere';
    expect(await scene.retrieve()).toMatchObject({ delivered: 1, undelivered: { count: 1, first: [{ store: 'dr' }] } });
    expect(scene.names('dr')).toEqual([]);
  });

  it('delivers to one store while the other does not answer', async () => {
    const COUNT = 12;
    await scene.record(COUNT);
    const { aws, dr } = scene.stores;
    const all = Promise.withResolvers<void>();
    const { deliver } = aws.store;
    aws.store.deliver = async (delivery) => {
      const answer = await deliver(delivery);
      if (aws.deliveries.length === COUNT) all.resolve();
      return answer;
    };
    dr.store.deliver = async () => {
      await all.promise;
      throw new RelayError('LimitReached', 'It was throttled.');
    };
    expect(await scene.retrieve()).toMatchObject({ delivered: COUNT, undelivered: { count: COUNT } });
  });

  it('fails if an item reached no store, and a repetition delivers what is missing', async () => {
    await scene.record(2);
    deny('dr', 1);
    for (const store of STORES) scene.stores[store].fail(nameOf(2), 'StoreUnavailable');
    await expect(scene.retrieve()).rejects.toMatchObject({
      name: 'StoreUnavailable',
      message: `Store aws: StoreUnavailable for ${nameOf(2)} Store dr: StoreUnavailable for ${nameOf(2)}`,
    });
    for (const store of STORES) scene.stores[store].heal();
    expect(await scene.retrieve()).toEqual({ at: after(0), delivered: 4, gone: false });
    for (const store of STORES) expect(scene.names(store)).toEqual([nameOf(1), nameOf(2)]);
  });

  it('fails with the error of an item that could not be read, once', async () => {
    await scene.record(2);
    scene.vault.fail('readPlain', '2', 'VaultUnavailable');
    await expect(scene.retrieve()).rejects.toMatchObject({ message: 'VaultUnavailable by readPlain' });
    for (const store of STORES) expect(scene.names(store)).toEqual([nameOf(1)]);
  });

  it.each([
    ['foreign', { kind: 'foreign' }, `adopt ${nameOf(1)}`],
    [
      'of another checkout',
      { kind: 'owned', stamp: stampOf(OTHER_CHECKOUT.run), retired: false },
      'Store dr: the secret',
    ],
  ] as const)('leaves a secret alone that is %s in one of them', async (_what, presence, message) => {
    await scene.record(1);
    scene.stores.dr.presences.set(nameOf(1), presence);
    expect(await scene.retrieve()).toMatchObject({
      undelivered: { count: 1, first: [{ error: expect.stringContaining(message) }] },
    });
    expect(scene.stores.dr.deliveries).toEqual([]);
    expect(await scene.retire()).toEqual({ at: after(0), retired: 1 });
    expect(scene.left()).toEqual([nameOf(1)]);
  });

  it('writes nothing to any store once it is released', async () => {
    await scene.record(1);
    const { deliver } = scene.stores.aws.store;
    const done = Promise.withResolvers<void>();
    scene.stores.aws.store.deliver = async (delivery) => {
      const answer = await deliver(delivery);
      await scene.signals.put(signalAt.released(CHECKOUT));
      done.resolve();
      return answer;
    };
    const { inspect } = scene.stores.dr.store;
    scene.stores.dr.store.inspect = (name) => done.promise.then(() => inspect(name));
    expect(await scene.retrieve()).toEqual({ at: after(0), delivered: 1, gone: true });
    expect(scene.stores.dr.deliveries).toEqual([]);
  });

  describe('at its end', () => {
    it('is retired in both at once, one by one in each', async () => {
      await scene.record(3);
      await scene.retrieve();
      const running = { aws: 0, dr: 0 };
      const seen = new Set<string>();
      for (const store of STORES) {
        const { retire } = scene.stores[store].store;
        scene.stores[store].store.retire = async (name, recovery) => {
          running[store] += 1;
          await Promise.resolve();
          seen.add(JSON.stringify(running));
          const answer = await retire(name, recovery);
          running[store] -= 1;
          return answer;
        };
      }
      expect(await scene.retire()).toEqual({ at: after(0), retired: 6 });
      expect(seen).toContain('{"aws":1,"dr":1}');
      expect([...seen].join()).not.toMatch(/[2-9]/);
      expect(scene.left()).toEqual([]);
    });

    it('is retired in one store while the other fails', async () => {
      await scene.record(2);
      await scene.retrieve();
      deny('aws', 1);
      await expect(scene.retire()).rejects.toMatchObject({
        name: 'StoreDenied',
        message: `Store aws: StoreDenied for ${nameOf(1)}`,
      });
      expect(scene.left()).toEqual([nameOf(1)]);
    });

    it('is retired in one store if the other is no longer deployed', async () => {
      await scene.record(1, { stores: ['gone', 'aws'] });
      expect(await scene.retrieve()).toMatchObject({ delivered: 1, undelivered: { count: 1 } });
      await expect(scene.retire()).rejects.toMatchObject({ message: 'Store gone: There is no store gone.' });
      expect(scene.left()).toEqual([]);
    });
  });

  it('leaves nothing in any store, and each secret was delivered or is reported, whatever fails', async () => {
    /** `lost`: the store took the value, and its answer was lost. */
    const anyFault = fc.constantFrom('none', 'none', 'denied', 'unavailable', 'lost');
    const ATTEMPTS = 3;
    const faults = fc.array(fc.tuple(anyFault, anyFault), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(faults, { minLength: ATTEMPTS, maxLength: ATTEMPTS }),
        fc.integer({ min: 1, max: 4 }),
        fc.tuple(fc.nat(3), fc.nat(3)),
        async (attempts, count, retireFaults) => {
          scene = aScene();
          await scene.record(count);
          let attempt = 0;
          for (const [index, store] of STORES.entries()) {
            const { deliver, retire } = scene.stores[store].store;
            scene.stores[store].store.deliver = async (delivery) => {
              const item = numbersUpTo(count).findIndex((number) => nameOf(number) === delivery.name);
              const fault = attempts[attempt]?.[item]?.[index] ?? 'none';
              if (fault === 'denied') throw new RelayError('StoreDenied', 'denied');
              if (fault === 'unavailable') throw new RelayError('StoreUnavailable', 'unavailable');
              const answer = await deliver(delivery);
              if (fault === 'lost') throw new RelayError('StoreUnavailable', 'lost', { mayHaveHappened: true });
              return answer;
            };
            let left = retireFaults[index] ?? 0;
            scene.stores[store].store.retire = async (name, recovery) => {
              if (left-- > 0) throw new RelayError('StoreUnavailable', 'unavailable');
              return retire(name, recovery);
            };
          }
          const retrieved = await repeated(ATTEMPTS, async () => {
            try {
              return await scene.retrieve();
            } finally {
              attempt += 1;
            }
          });
          if (retrieved !== undefined) {
            const { notes } = await scene.report(retrieved);
            for (const store of STORES) {
              for (const number of numbersUpTo(count)) {
                const isNoted = notes.some(
                  (note) => note.includes(`db-01/a${number} to`) && note.includes(` ${store} `),
                );
                expect(isNoted || scene.names(store).includes(nameOf(number)), `a${number} in ${store}`).toBe(true);
              }
            }
          }
          await repeated(Number.POSITIVE_INFINITY, scene.retire);
          expect(scene.left()).toEqual([]);
          expect(await scene.retrieve()).toMatchObject({ delivered: 0, gone: true });
          expect(scene.left()).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Result of a step that its workflow repeats; undefined if no attempt succeeded. */
const repeated = async <T>(attempts: number, step: () => Promise<T>): Promise<T | undefined> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await step();
    } catch (thrown) {
      if (!(thrown instanceof RelayError)) throw thrown;
      if (!thrown.retryable) return undefined;
    }
  }
  return undefined;
};

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPlan } from '#functions/sync/plan/plan.ts';
import type { Item } from '#shared/domain/item.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { RelayError } from '#shared/errors.ts';
import { readRequired, recordAt } from '#shared/records/records.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { StoredSecret, StoreRules } from '#shared/stores/store.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { fakeStore, memoryRecords, memorySharedRecords, rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

const VALUE = '{credential}';
const NOW = Date.parse('2026-01-02T04:00:00Z');
const stampNow = (item: Item): string => stampOf('vault', item, createRendering(VALUE).fingerprint(item));
const nameOf = (item: Item): string => `prod/${item.labels['systemName']}/${item.labels['accountName']}`;
const current = (item: Item): StoredSecret => ({ name: nameOf(item), stamp: stampNow(item) });
const stale = (item: Item): StoredSecret => ({ name: nameOf(item), stamp: 'older' });

/** Names of at most 16 characters. */
const SHORT: StoreRules = { ...awsSecretsManagerRules, name: { ...awsSecretsManagerRules.name, maxLength: 16 } };
const PACES = { aws: 40, slow: 3 };

describe('a plan for several stores', () => {
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    records = memoryRecords();
  });

  interface Given {
    readonly secrets?: Readonly<Record<string, readonly StoredSecret[] | RelayError>>;
    readonly rules?: Readonly<Record<string, StoreRules>>;
    readonly sync?: Readonly<Record<string, unknown>>;
    readonly named?: readonly Item[];
  }
  const plan = async (items: readonly Item[], { secrets = {}, rules = {}, sync = {}, named }: Given = {}) => {
    const run = aRun(named === undefined ? {} : { items: 'named' });
    const planned = await createPlan({
      config: aConfig({ value: VALUE, stores: ['aws', 'slow'], ...sync }),
      vaultOf: async () => fakeVault([pageOf(items)]).vault,
      rulesOf: async (_connection, rule) => rulesOf(rule),
      storeFor: async (store) => {
        const held = secrets[store] ?? [];
        const { store: found } = fakeStore(held instanceof RelayError ? [] : held);
        if (!(held instanceof RelayError)) return found;
        return { ...found, list: () => failing(held), inspect: () => Promise.reject(held) };
      },
      storeRules: async (store) => rules[store] ?? awsSecretsManagerRules,
      pacingOf: async (store) => ({
        id: store,
        perSecond: store === 'slow' ? PACES.slow : PACES.aws,
        create: 1,
        replace: 1,
      }),
      calls: () => NO_CALLS,
      records,
      turns: memorySharedRecords(),
      hasEarlierRun: async () => false,
      readNamed: async () => (named ?? []).map(({ labels }) => labels),
      now: () => NOW,
    })(run);
    const batches = await Promise.all(
      planned.batches.map((batch) => readRequired(records, recordAt.batch(run, batch))),
    );
    const record = await readRequired(records, recordAt.plan(run));
    return { batches, record };
  };
  const [one, two] = [itemNumbered(1), itemNumbered(2)];

  it('reads an item once for the stores that lack it, and leaves the others alone', async () => {
    const { batches, record } = await plan([one, two], {
      secrets: { aws: [current(one), stale(two)], slow: [current(two)] },
    });
    expect(batches[0]?.items).toMatchObject([
      { item: one, targets: [{ store: 'slow', name: nameOf(one), expected: 'absent' }] },
      { item: two, targets: [{ store: 'aws', name: nameOf(two), expected: { stamp: 'older' } }] },
    ]);
    expect(record).toMatchObject({ items: 2, unchanged: { aws: 1, slow: 1 }, remarks: [] });
  });

  it('names the store whose pace determines the time of the run', async () => {
    const many = Array.from({ length: 60 }, (_, index) => itemNumbered(index));
    const { record } = await plan(many);
    expect(record.leastDuration).toEqual({ seconds: 20, store: 'slow', perSecond: 3 });
  });

  it('refuses a name that one of them cannot hold only there', async () => {
    const long = itemNumbered(3, { labels: { accountName: 'a-long-name' } });
    const { batches, record } = await plan([long], { rules: { slow: SHORT } });
    expect(batches[0]?.items[0]?.targets).toMatchObject([{ store: 'aws' }]);
    expect(record.remarks).toMatchObject([{ item: long.title, stores: ['slow'], outcome: 'failed' }]);
  });

  it('reports a changing item and a shared name once, with all of their stores', async () => {
    const twin = itemNumbered(9, { labels: { accountName: 'a1' }, title: 'twin' });
    const { batches, record } = await plan([one, twin, { ...two, changing: true }], {
      secrets: { aws: [current(two)] },
    });
    expect(batches.flatMap(({ items }) => items)).toEqual([]);
    expect(record.remarks).toMatchObject([
      { item: two.title, stores: ['slow'], outcome: 'changing' },
      { item: one.title, stores: ['aws', 'slow'], error: 'NameCollision' },
      { item: 'twin', stores: ['aws', 'slow'], error: 'NameCollision' },
    ]);
  });

  it.each(['StoreUnavailable', 'StoreDenied'] as const)(
    'delivers to the others if one cannot be listed, and reports its error: %s',
    async (error) => {
      const given: Given = { secrets: { slow: new RelayError(error, 'The slow store is closed.') } };
      const { batches, record } = await plan([one], given);
      expect(batches[0]?.items[0]?.targets.map(({ store }) => store)).toEqual(['aws']);
      expect(record.unlisted).toEqual({ slow: `${error}: The slow store is closed.` });
      expect(record.notes).toEqual([expect.stringContaining('The store slow could not be listed')]);
      expect(Object.keys(record.absences)).toEqual(['aws']);
    },
  );

  it('fails with the first error if no store can be listed', async () => {
    const closed = new RelayError('StoreUnavailable', 'closed');
    const denied = new RelayError('StoreDenied', 'denied');
    await expect(plan([one], { secrets: { aws: closed, slow: denied } })).rejects.toBe(closed);
  });

  it('parks only the target that keeps failing', async () => {
    const backoffs = { 'slow account:1': { reason: 'failing' as const, times: 3, parkedUntil: NOW + 1 } };
    await records.write(recordAt.memory('databases'), { ...emptyMemory(), backoffs });
    const { batches, record } = await plan([one]);
    expect(batches[0]?.items[0]?.targets).toMatchObject([{ store: 'aws' }]);
    expect(record.remarks).toMatchObject([{ stores: ['slow'], outcome: 'parked' }]);
  });

  describe('with secrets whose item is gone', () => {
    const gone = { name: 'prod/gone', stamp: 'x' };
    const more = { name: 'prod/gone-2', stamp: 'x' };
    const sync = { orphans: { policy: 'delete', budget: 1, recoveryDays: 30 } };

    it('retires those of one store although another exceeds its budget', async () => {
      const absent = { aws: [gone.name, more.name], slow: [gone.name] };
      await records.write(recordAt.memory('databases'), { ...emptyMemory(), absent });
      const { batches, record } = await plan([one], { secrets: { aws: [gone, more], slow: [gone] }, sync });
      expect(batches.flatMap(({ retire }) => retire)).toEqual([{ store: 'slow', name: gone.name }]);
      expect(record.orphans).toEqual({ found: 3, retiring: 1 });
      expect(record.notes).toEqual([expect.stringMatching(/^Store aws: Nothing was deleted: 2 secrets/)]);
    });

    it('does not count an absence in one store as one in another', async () => {
      await records.write(recordAt.memory('databases'), { ...emptyMemory(), absent: { aws: [gone.name] } });
      const { batches, record } = await plan([one], { secrets: { slow: [gone] }, sync });
      expect(batches.flatMap(({ retire }) => retire)).toEqual([]);
      expect(record.absences).toMatchObject({ aws: { absent: [] }, slow: { absent: [gone.name] } });
    });
  });

  it('looks up named items in every store, and others only where they share a name', async () => {
    const { batches, record } = await plan([one, two], { named: [one], secrets: { aws: [current(one)] } });
    expect(batches[0]?.items).toMatchObject([{ item: one, targets: [{ store: 'slow' }] }]);
    expect(record).toMatchObject({ items: 1, unchanged: { aws: 1, slow: 0 } });
  });

  it('gives each target exactly one decision, whatever the stores hold', async () => {
    const held = fc.array(fc.constantFrom(undefined, 'older', 'current'), { minLength: 6, maxLength: 6 });
    const items = Array.from({ length: 6 }, (_, index) =>
      itemNumbered(index, { labels: { accountName: `a${index % 5}` }, changing: index === 2 }),
    );
    const secretsIn = (states: readonly (string | undefined)[]): StoredSecret[] =>
      items.slice(0, 5).flatMap((item, index) => {
        const state = states[index];
        return state === undefined ? [] : [state === 'current' ? current(item) : stale(item)];
      });
    await fc.assert(
      fc.asyncProperty(held, held, async (aws, slow) => {
        const { batches, record } = await plan(items, { secrets: { aws: secretsIn(aws), slow: secretsIn(slow) } });
        for (const store of ['aws', 'slow']) {
          const delivered = batches
            .flatMap((batch) => batch.items.flatMap(({ targets }) => targets))
            .filter((target) => target.store === store);
          const remarked = record.remarks.filter(({ stores }) => stores.includes(store));
          expect(delivered.length + (record.unchanged[store] ?? 0) + remarked.length).toBe(items.length);
          expect(new Set(delivered.map(({ name }) => name)).size).toBe(delivered.length);
        }
      }),
      { numRuns: 50 },
    );
  });
});

// biome-ignore lint/correctness/useYield: it fails before its first page.
async function* failing(error: RelayError): AsyncGenerator<never> {
  throw error;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item } from '#shared/domain/item.ts';
import { emptyMemory, type Memory } from '#shared/domain/memory.ts';
import { type ComparisonOptions, createComparison } from '#shared/domain/plan/comparison.ts';
import { createPlanId } from '#shared/domain/plan/plan-id.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { RelayError } from '#shared/errors.ts';
import { anyItem, itemNumbered } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const nameOf = ({ labels }: Item): string => `prod/${labels['accountName']}`;
const stampNow = (item: Item): string => stampOf('vault', item, 'v1');

const compareWith = (held: Readonly<Record<string, string | undefined>> = {}, more: Partial<ComparisonOptions> = {}) =>
  createComparison({
    connection: 'vault',
    targets: [{ store: 'aws', nameOf, held: new Map(Object.entries(held)), failures: new Map() }],
    rendering: { fingerprint: () => 'v1' },
    memory: emptyMemory(),
    rules: { mode: 'changes', retryParked: false, rotationWindowMinutes: 10, now: NOW },
    distinguishingPlaceholder: '{domainName}',
    ledger: createPlanId(),
    ...more,
  });
const withdrawn = async (comparison: ReturnType<typeof createComparison>) => {
  const batches: number[] = [];
  await comparison.withdrawCollisions(async (batch) => void batches.push(batch));
  return batches;
};
const twin = (id: number) => itemNumbered(id, { labels: { accountName: 'a1' }, title: `twin ${id}` });

describe('comparing what a vault lists with a store', () => {
  it.each([
    ['absent', {}, 'absent'],
    ['present without a stamp', { 'prod/a1': undefined }, 'unstamped'],
    ['present with another stamp', { 'prod/a1': 'older' }, { stamp: 'older' }],
  ])('delivers an item that is %s, and returns its current state', (_what, held, expected) => {
    const item = itemNumbered(1);
    expect(compareWith(held).compare(item, 0)).toEqual({
      item,
      targets: [{ store: 'aws', name: 'prod/a1', stamp: stampNow(item), expected }],
    });
  });

  it('leaves a current item unchanged', () => {
    const item = itemNumbered(1);
    const comparison = compareWith({ 'prod/a1': stampNow(item) });
    expect(comparison.compare(item, 0)).toBeUndefined();
    expect(comparison.summary()).toMatchObject({ items: 1, unchanged: { aws: 1 }, remarks: [], backoffs: {} });
  });

  it('reports an item without a usable name, and continues', () => {
    const comparison = compareWith(
      {},
      {
        targets: [
          {
            store: 'aws',
            held: new Map(),
            failures: new Map(),
            nameOf: ({ title }) => {
              if (title === 'bad') throw new RelayError('ConfigurationInvalid', 'too long');
              return title;
            },
          },
        ],
      },
    );
    expect(comparison.compare(itemNumbered(1, { title: 'bad' }), 0)).toBeUndefined();
    expect(comparison.compare(itemNumbered(2), 0)).toBeDefined();
    expect(comparison.summary()).toMatchObject({
      items: 2,
      remarks: [{ item: 'bad', outcome: 'failed', error: 'ConfigurationInvalid', message: 'too long' }],
    });
  });

  describe('of items that share a name', () => {
    it('removes the first one from its batch, and reports all of them with the fix', async () => {
      const comparison = compareWith();
      for (const [batch, id] of [1, 2, 3].entries()) comparison.compare(twin(id), batch + 4);
      expect(await withdrawn(comparison)).toEqual([4]);
      const message =
        "twin 1 and twin 2 and twin 3 would share the secret prod/a1. Add a placeholder that distinguishes them to the sync's name template, for example {domainName}. The page docs/names-and-templates.md shows how names are made.";
      expect(comparison.summary()).toMatchObject({
        items: 3,
        unchanged: { aws: 0 },
        backoffs: {},
        remarks: [1, 2, 3].map((id) => ({ item: `twin ${id}`, outcome: 'failed', error: 'NameCollision', message })),
      });
    });

    it('removes nothing if the first one is in no batch, and counts it once', async () => {
      const comparison = compareWith({ 'prod/a1': stampNow(twin(1)) });
      for (const id of [1, 2]) comparison.compare(twin(id), 0);
      expect(await withdrawn(comparison)).toEqual([]);
      expect(comparison.summary()).toMatchObject({ items: 2, unchanged: { aws: 0 } });
      expect(comparison.summary().remarks).toHaveLength(2);
    });

    it('reports a changing one only once', async () => {
      const comparison = compareWith();
      comparison.compare({ ...twin(1), changing: true }, 0);
      comparison.compare(twin(2), 0);
      expect(await withdrawn(comparison)).toEqual([]);
      expect(comparison.summary().remarks.map(({ item, outcome }) => [item, outcome])).toEqual([
        ['twin 1', 'changing'],
        ['twin 2', 'failed'],
      ]);
    });
  });

  it('finds the secrets whose name no item has, with their store', () => {
    const comparison = compareWith({ 'prod/a1': 'x', 'prod/gone': 'x', 'prod/gone-2': undefined });
    comparison.compare(itemNumbered(1), 0);
    expect(comparison.orphans('aws')).toEqual([
      { store: 'aws', name: 'prod/gone' },
      { store: 'aws', name: 'prod/gone-2' },
    ]);
  });

  it('parks an item that the vault rotated after our own check-in, and remembers that once', () => {
    const item = itemNumbered(1, { changedAt: '2026-01-02T03:04:05.000Z' });
    const memory: Memory = { ...emptyMemory(), checkIns: { 'account:1': Date.parse('2026-01-02T03:00:00Z') } };
    const comparison = compareWith({ 'prod/a1': 'older' }, { memory });
    expect(comparison.compare(item, 0)).toBeUndefined();
    const { remarks, backoffs } = comparison.summary();
    expect(remarks).toMatchObject([
      { outcome: 'parked', message: expect.stringContaining('Next try after 2026-01-03T04:00:00.000Z') },
    ]);
    expect(backoffs).toMatchObject({ 'aws account:1': { reason: 'rotates' } });

    const parked = compareWith({ 'prod/a1': 'older' }, { memory: { ...memory, backoffs: { ...backoffs } } });
    parked.compare(item, 0);
    expect(parked.summary()).toMatchObject({ remarks: [{ outcome: 'parked' }], backoffs: {} });
  });

  it.each([
    [{ reason: 'approval', times: 1, parkedUntil: NOW + 1 }, 'needs an approval'],
    [{ reason: 'failing', times: 3, parkedUntil: NOW + 1 }, 'see the reports of earlier runs'],
    [
      {
        reason: 'failing',
        times: 3,
        parkedUntil: NOW + 1,
        failure: { name: 'NotRequestable', message: 'Enable it for the API.' },
      },
      'Enable it for the API.',
    ],
  ] as const)('explains why an item is parked: %j', (backoff, why) => {
    const comparison = compareWith({}, { memory: { ...emptyMemory(), backoffs: { 'aws account:1': backoff } } });
    comparison.compare(itemNumbered(1), 0);
    expect(comparison.summary().remarks).toMatchObject([{ outcome: 'parked', message: expect.stringContaining(why) }]);
  });

  it('counts every item once, as delivered, unchanged or with a remark', async () => {
    const items = fc.array(anyItem, { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(items, fc.infiniteStream(fc.nat(2)), async (listed, dice) => {
        const held = Object.fromEntries(
          listed.map((item) => [nameOf(item), [undefined, 'older', stampNow(item)][dice.next().value]]),
        );
        const comparison = compareWith(held);
        const delivered = new Set(
          listed.flatMap((item) => comparison.compare(item, 0)?.targets.map(({ name }) => name) ?? []),
        );
        await comparison.withdrawCollisions(async (_batch, isWithdrawn) => {
          for (const name of delivered) if (isWithdrawn({ store: 'aws', name })) delivered.delete(name);
        });
        const { items: seen, unchanged, remarks } = comparison.summary();
        expect(seen).toBe(listed.length);
        expect(delivered.size + (unchanged['aws'] ?? 0) + remarks.length).toBe(listed.length);
      }),
    );
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { ItemPage, Preparation } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import type { Batch } from '#shared/domain/plan/batch.ts';
import { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { type PlanOptions, planSync } from '#shared/domain/plan/plan.ts';
import { createPlanId } from '#shared/domain/plan/plan-id.ts';
import type { Holds } from '#shared/domain/rotation/holds.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { itemNumbered } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const pageOf = (items: readonly Item[], complete = true): ItemPage => ({ items, complete });
const stampNow = (item: Item): string => stampOf('vault', item, 'v1');
const nameOf = ({ labels }: Item): string => `prod/${labels['accountName']}`;

/** Reads the wanted items backwards, and writes the number of skipped items into their handles. */
const backwards = (passedOver: Item[]): Preparation => ({
  exclude: (item) => void passedOver.push(item),
  arrange: (wanted) => wanted.toReversed().map((item) => ({ ...item, handle: passedOver.length })),
});

describe('planning a sync', () => {
  let batches: Map<number, Batch>;
  let passedOver: Item[];
  beforeEach(() => {
    batches = new Map();
    passedOver = [];
  });
  interface Given extends Partial<PlanOptions> {
    readonly held?: Readonly<Record<string, string>>;
    readonly store?: string;
    readonly preparation?: Preparation;
    readonly size?: number;
  }
  const plan = (
    pages: readonly ItemPage[],
    { held = {}, store = 'aws', preparation, size = 10, ...more }: Given = {},
  ) =>
    planSync({
      connection: 'vault',
      targets: [{ store, nameOf, held: new Map(Object.entries(held)), failures: new Map() }],
      rendering: { fingerprint: () => 'v1' },
      memory: emptyMemory(),
      rules: { mode: 'changes', retryParked: false, rotationWindowMinutes: 0, now: NOW },
      distinguishingPlaceholder: '{domainName}',
      patterns: {},
      isWhole: true,
      orphans: { policy: 'keep' },
      eachPage: async (visit) => {
        for (const page of pages) await visit(page, preparation);
      },
      batches: createBatchWriter(
        size,
        async (batch, content) => void batches.set(batch, content),
        async (batch) => batches.get(batch) ?? { items: [], retire: [] },
      ),
      ledger: createPlanId(),
      ...more,
    });
  const planned = () => [...batches.values()].map(({ items }) => items.map(({ item }) => item.ref.id));
  const idsOf = (items: readonly Item[]) => items.map(({ ref }) => ref.id);

  it('reads the holds after each page, and delivers no item on hold', async () => {
    const [one, two, three] = [itemNumbered(1), itemNumbered(2), itemNumbered(3)];
    const failed = { rule: 'weekly', run: 'weekly.1', changedAt: two.changedAt ?? '', notified: true, released: false };
    const changing = { rule: 'weekly', run: 'weekly.2', since: NOW, until: NOW + 1 };
    const entries: Holds['entries'] = {};
    const summary = await plan([], {
      readHolds: async () => ({ writes: 0, entries }),
      eachPage: async (visit) => {
        await visit(pageOf([one]), undefined);
        entries['account:2'] = { title: two.title, labels: {}, testFailed: failed };
        entries['account:3'] = { title: three.title, labels: {}, changing };
        await visit(pageOf([two, three]), undefined);
      },
      held: { [nameOf(two)]: 'older' },
      orphans: { policy: 'delete', budget: 9 },
    });
    expect(planned()).toEqual([['1']]);
    expect(summary.orphans).toEqual({ found: 0, retiring: 0 });
    expect(summary.remarks.map(({ item, outcome }) => [item, outcome])).toEqual([
      [two.title, 'held'],
      [three.title, 'changing'],
    ]);
    expect(summary.remarks[0]?.message).toContain('failed the test of the rotation weekly');
    expect(summary.remarks[1]?.message).toContain('The rotation weekly is changing');
  });

  it('puts selected items that are not current into batches, in the order of the list', async () => {
    const current = itemNumbered(2);
    const pages = [pageOf([itemNumbered(1), current]), pageOf([itemNumbered(3), itemNumbered(4), itemNumbered(5)])];
    const patterns = { accountName: ['!a4'] };
    const summary = await plan(pages, { size: 2, patterns, held: { [nameOf(current)]: stampNow(current) } });
    expect(planned()).toEqual([['1', '3'], ['5']]);
    expect(summary).toEqual({
      items: 4,
      unchanged: { aws: 1 },
      remarks: [],
      backoffs: {},
      complete: true,
      orphans: { found: 0, retiring: 0 },
      absences: { aws: { absent: [], present: [] } },
      notes: [],
    });
  });

  it('removes items that share a name from batches, written or not yet', async () => {
    const twin = itemNumbered(9, { labels: { accountName: 'a1' } });
    const other = itemNumbered(8, { labels: { accountName: 'a3' } });
    await plan([pageOf([itemNumbered(1), itemNumbered(2), itemNumbered(3), twin, other])], { size: 2 });
    expect(planned()).toEqual([['2']]);
  });

  it('reports an incomplete list as soon as one page is incomplete', async () => {
    const pages = [pageOf([itemNumbered(1)], false), pageOf([itemNumbered(2)])];
    expect(await plan(pages)).toMatchObject({ complete: false });
  });

  describe('with a source that decides how to read once it has seen all rows', () => {
    it('holds back selected items until then, and uses the order and handles of the source', async () => {
      const current = itemNumbered(2);
      const pages = [pageOf([itemNumbered(1), current]), pageOf([itemNumbered(3), itemNumbered(4)])];
      await plan(pages, {
        preparation: backwards(passedOver),
        patterns: { accountName: ['!a4'] },
        held: { [nameOf(current)]: stampNow(current) },
      });
      expect(idsOf(passedOver)).toEqual(['2', '4']);
      expect(planned()).toEqual([['3', '1']]);
      expect(batches.get(0)?.items.map(({ item }) => item.handle)).toEqual([2, 2]);
    });

    it('keeps the target of each item', async () => {
      await plan([pageOf([itemNumbered(1), itemNumbered(2)])], { preparation: backwards(passedOver) });
      expect(batches.get(0)?.items).toMatchObject([
        { item: { ref: { id: '2' } }, targets: [{ name: 'prod/a2' }] },
        { item: { ref: { id: '1' } }, targets: [{ name: 'prod/a1' }] },
      ]);
    });

    it('reports both withdrawn items to the source', async () => {
      const twin = itemNumbered(9, { labels: { accountName: 'a1' } });
      await plan([pageOf([itemNumbered(1), itemNumbered(2), twin])], { preparation: backwards(passedOver) });
      expect(idsOf(passedOver).toSorted()).toEqual(['1', '9']);
      expect(planned()).toEqual([['2']]);
    });

    it('plans only selected items, even if the source arranges others', async () => {
      const stray: Preparation = { exclude: () => {}, arrange: (wanted) => [itemNumbered(77), ...wanted] };
      await plan([pageOf([itemNumbered(1)])], { preparation: stray });
      expect(planned()).toEqual([['1']]);
    });

    it('plans nothing if there is nothing', async () => {
      await plan([], { preparation: backwards(passedOver) });
      await plan([pageOf([])], { preparation: backwards(passedOver) });
      expect(planned()).toEqual([]);
    });
  });

  describe('with a selection that matches nothing', () => {
    const orphans = { policy: 'delete', budget: 5, recoveryDays: 30 } as const;
    const memory = { ...emptyMemory(), absent: { aws: ['prod/gone'] } };
    const held = { 'prod/gone': 'x' };
    const patterns = { accountName: ['unmatched'] };

    it('retires nothing, and reports how many items it does not match', async () => {
      const pages = [pageOf([itemNumbered(1), itemNumbered(2)]), pageOf([itemNumbered(3)])];
      expect(await plan(pages, { patterns, orphans, held, memory })).toMatchObject({
        orphans: { found: 1, retiring: 0 },
        notes: [
          expect.stringContaining('The selection matched none of the 3 items listed'),
          expect.stringContaining('nothing was selected'),
        ],
      });
      expect(batches.size).toBe(0);
    });

    it('retires nothing if the vault lists nothing, and reports that', async () => {
      for (const pages of [[], [pageOf([])]]) {
        expect(await plan(pages, { orphans, held, memory })).toMatchObject({
          orphans: { retiring: 0 },
          notes: [expect.stringContaining('The vault listed no items.'), expect.any(String)],
        });
      }
    });

    it('is not reported by a run for named items', async () => {
      expect(await plan([pageOf([])], { isWhole: false })).toMatchObject({ notes: [] });
    });
  });

  it('repeats the lines about skipped items, which are no findings', async () => {
    const pages = [
      { ...pageOf([]), skipped: ['one'] },
      { ...pageOf([itemNumbered(1)]), skipped: ['two', 'three'] },
    ];
    expect(await plan(pages)).toMatchObject({ items: 1, complete: true, notes: [], skipped: ['one', 'two', 'three'] });
    expect(await plan([pageOf([itemNumbered(1)])])).not.toHaveProperty('skipped');
  });

  it('counts each unreadable row as a failed item', async () => {
    const rejected = [{ title: 'An account without a name', message: 'Look at it.' }];
    const summary = await plan([{ ...pageOf([itemNumbered(1)], false), rejected }]);
    expect(planned()).toEqual([['1']]);
    expect(summary).toMatchObject({
      items: 2,
      complete: false,
      remarks: [
        {
          item: 'An account without a name',
          stores: ['aws'],
          outcome: 'failed',
          error: 'AnswerMalformed',
          message: 'Look at it.',
        },
      ],
    });
  });

  it('reports once how many dates of change of the selected items are unreadable', async () => {
    const undated = (number: number) =>
      itemNumbered(number, { changedAt: undefined, mark: 'date:11/27/2026', hasUnreadableDate: true });
    const items = [undated(1), undated(2), undated(3), itemNumbered(4)];
    const { notes } = await plan([pageOf(items)], { patterns: { accountName: ['!a3'] } });
    expect(notes).toEqual([expect.stringContaining('could not be read for 2 items')]);
  });

  describe('with secrets whose item is gone', () => {
    const orphans = { policy: 'delete', budget: 2, recoveryDays: 30 } as const;
    const held = { 'prod/gone': 'x', 'prod/gone-2': 'x' };
    const memory = { ...emptyMemory(), absent: { aws: Object.keys(held), other: Object.keys(held) } };

    it.each(['aws', 'other'])('retires them in the compared store, after everything else: %s', async (store) => {
      expect(await plan([pageOf([itemNumbered(1)])], { store, orphans, held, memory })).toMatchObject({
        orphans: { found: 2, retiring: 2 },
      });
      expect([...batches.values()].map(({ retire }) => retire)).toEqual([
        [],
        [
          { store, name: 'prod/gone' },
          { store, name: 'prod/gone-2' },
        ],
      ]);
      expect(batches.get(0)?.items[0]?.targets).toMatchObject([{ store }]);
    });

    it('retires none after an incomplete list, and reports that', async () => {
      const summary = await plan([pageOf([itemNumbered(1)], false)], { orphans, held, memory });
      expect(summary).toMatchObject({
        orphans: { found: 2, retiring: 0 },
        notes: [expect.stringContaining('did not list all')],
      });
      expect([...batches.values()].flatMap(({ retire }) => retire)).toEqual([]);
    });

    it('retires none that the previous run did not miss, and records them for the next run', async () => {
      const summary = await plan([pageOf([itemNumbered(1)])], {
        orphans,
        held,
        memory: { ...memory, absent: { aws: ['prod/a1', 'prod/gone-2'] } },
      });
      expect(summary).toMatchObject({
        orphans: { found: 2, retiring: 1 },
        absences: { aws: { absent: Object.keys(held), present: ['prod/a1'] } },
      });
      expect([...batches.values()].flatMap(({ retire }) => retire)).toEqual([{ store: 'aws', name: 'prod/gone-2' }]);
    });

    it.each([
      ['an incomplete list', [pageOf([itemNumbered(1)], false)], true],
      ['a run for named items', [pageOf([itemNumbered(1)])], false],
      ['a selection that matches nothing', [pageOf([])], true],
    ])('does not prove an absence by %s', async (_what, pages, isWhole) => {
      expect((await plan(pages, { orphans, held, memory, isWhole })).absences['aws']?.absent).toBeUndefined();
      expect([...batches.values()].flatMap(({ retire }) => retire)).toEqual([]);
    });

    it('does not treat an item as gone that has no usable name, is parked or is changing', async () => {
      const changing = itemNumbered(1, { changing: true });
      const missed = { ...emptyMemory(), absent: { aws: ['prod/a1'] } };
      await plan([pageOf([changing])], { orphans, held: { 'prod/a1': 'x' }, memory: missed });
      expect(batches.size).toBe(0);
    });
  });
});

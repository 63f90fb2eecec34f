import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item } from '#shared/domain/item.ts';
import { emptyMemory, type Memory } from '#shared/domain/memory.ts';
import { createBatchWriter } from '#shared/domain/plan/batches.ts';
import { ACTIONS, type Decided, type Ledger } from '#shared/domain/plan/ledger.ts';
import { type PlanOptions, planSync } from '#shared/domain/plan/plan.ts';
import { createPlanId } from '#shared/domain/plan/plan-id.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { itemNumbered } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const SCOPE = { sync: 'databases', connection: 'vault', stores: ['aws'] };

type Fact = Pick<Decided, 'action' | 'facts'>;
const anyFact: fc.Arbitrary<Fact> = fc.record({
  action: fc.constantFrom(...ACTIONS),
  facts: fc.array(fc.constantFrom('a', 'b', '', 'a,b'), { maxLength: 2 }),
});
const addAll = (ledger: Ledger, facts: readonly Fact[]): number[] =>
  facts.map((fact) => ledger.add({ ...fact, subject: '', dependsOnMemory: false }));
const idOf = (facts: readonly Fact[], scope = SCOPE): string => {
  const ledger = createPlanId();
  addAll(ledger, facts);
  return ledger.id(scope);
};
const sorted = (facts: readonly Fact[]): string[] =>
  facts.map(({ action, facts: of }) => JSON.stringify([action, of])).toSorted();

describe('the id of a plan', () => {
  it('is equal exactly for the same decisions, in any order', () => {
    const anyPair = fc
      .array(anyFact, { maxLength: 6 })
      .chain((facts) =>
        fc.tuple(
          fc.constant(facts),
          fc.oneof(fc.shuffledSubarray(facts, { minLength: facts.length }), fc.array(anyFact, { maxLength: 6 })),
        ),
      );
    fc.assert(
      fc.property(anyPair, ([one, other]) => {
        expect(idOf(one) === idOf(other)).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
      }),
    );
  });

  it('does not contain what was withdrawn', () => {
    fc.assert(
      fc.property(fc.array(anyFact, { maxLength: 6 }), fc.array(anyFact, { maxLength: 3 }), (kept, withdrawn) => {
        const ledger = createPlanId();
        const positions = addAll(ledger, withdrawn);
        addAll(ledger, kept);
        for (const position of positions) ledger.withdraw(position);
        expect(ledger.id(SCOPE)).toBe(idOf(kept));
      }),
    );
  });

  it('holds more decisions than fit at first', () => {
    const many = Array.from({ length: 3000 }, (_, number): Fact => ({ action: 'create', facts: [number] }));
    expect(idOf(many)).toBe(idOf(many.toReversed()));
    expect(idOf(many)).not.toBe(idOf(many.slice(1)));
  });

  it.each([{ sync: 'other' }, { connection: 'other' }, { stores: ['other'] }])('differs for %j', (other) => {
    expect(idOf([], { ...SCOPE, ...other })).not.toBe(idOf([]));
  });
});

describe('the decisions about two lists', () => {
  const stampNow = (item: Item): string => stampOf('vault', item, 'v1');
  const nameOf = ({ labels }: Item): string => `prod/${labels['accountName']}`;
  interface World {
    readonly items: readonly Item[];
    readonly held: readonly (readonly [string, string])[];
    readonly memory?: Memory;
    readonly orphans?: PlanOptions['orphans'];
  }

  const plan = async ({ items, held, memory = emptyMemory(), orphans = { policy: 'keep' } }: World) => {
    const ledger = createPlanId();
    const decided: (Decided | undefined)[] = [];
    await planSync({
      connection: 'vault',
      targets: [{ store: 'aws', nameOf, held: new Map(held), failures: new Map() }],
      rendering: { fingerprint: () => 'v1' },
      memory,
      rules: { mode: 'changes', retryParked: false, rotationWindowMinutes: 10, now: NOW },
      distinguishingPlaceholder: '{domainName}',
      patterns: {},
      orphans,
      isWhole: true,
      eachPage: (visit) => visit({ items, complete: true, rejected: [] }, undefined),
      batches: createBatchWriter(
        100,
        async () => {},
        async () => ({ items: [], retire: [] }),
      ),
      ledger: {
        add(decision) {
          decided.push(decision);
          return ledger.add(decision);
        },
        withdraw(position) {
          decided[position] = undefined;
          ledger.withdraw(position);
        },
      },
    });
    return {
      id: ledger.id(SCOPE),
      actions: decided.flatMap((one) => (one === undefined ? [] : [`${one.action} ${one.subject}`])).toSorted(),
    };
  };

  const anyWorld = fc
    .array(fc.record({ id: fc.nat(9), name: fc.nat(6), changing: fc.boolean() }), { maxLength: 8 })
    .chain((rows) => {
      const items = rows.map(({ id, name, changing }) =>
        itemNumbered(id, { labels: { accountName: `a${name}` }, changing }),
      );
      const anySecret = fc.tuple(
        fc.constantFrom(...items.map(nameOf), 'prod/gone'),
        fc.constantFrom(...items.map(stampNow), 'older'),
      );
      return fc.record({
        items: fc.constant(items),
        held: fc.uniqueArray(anySecret, { maxLength: 8, selector: ([name]) => name }),
      });
    });

  it('do not depend on the order of either list, even if names collide', async () => {
    const shuffled = anyWorld.chain(({ items, held }) =>
      fc.tuple(
        fc.constant({ items, held }),
        fc.record({
          items: fc.shuffledSubarray(items, { minLength: items.length }),
          held: fc.shuffledSubarray(held, { minLength: held.length }),
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([one, other]) => {
        expect(await plan(one)).toEqual(await plan(other));
      }),
    );
  });

  const item = itemNumbered(1);
  const current = [nameOf(item), stampNow(item)] as const;
  const stale = [nameOf(item), 'older'] as const;
  const gone = ['prod/gone', 'x'] as const;
  const parked: Memory = {
    ...emptyMemory(),
    backoffs: { 'aws account:1': { reason: 'failing', times: 3, parkedUntil: NOW + 1 } },
  };
  const ofDeletion = { policy: 'delete', budget: 5, recoveryDays: 30 } as const;

  it('are named, and each has another id', async () => {
    const worlds: readonly [string[], World][] = [
      [[], { items: [], held: [] }],
      [['create db-01/a1'], { items: [item], held: [] }],
      [['change db-01/a1'], { items: [item], held: [stale] }],
      [['change db-01/a1'], { items: [{ ...item, changedAt: '2026-01-02T03:59:00.000Z' }], held: [stale] }],
      [['unchanged db-01/a1'], { items: [item], held: [current] }],
      [['changing db-01/a1'], { items: [{ ...item, changing: true }], held: [stale] }],
      [['parked db-01/a1'], { items: [item], held: [stale], memory: parked }],
      [['refuse db-01/a1', 'refuse db-01/a1'], { items: [item, { ...item, ref: { kind: 'k', id: '2' } }], held: [] }],
      [['keep prod/gone', 'unchanged db-01/a1'], { items: [item], held: [current, gone], orphans: ofDeletion }],
      [
        ['retire prod/gone', 'unchanged db-01/a1'],
        {
          items: [item],
          held: [current, gone],
          orphans: ofDeletion,
          memory: { ...emptyMemory(), absent: { aws: ['prod/gone'] } },
        },
      ],
    ];
    const plans = await Promise.all(worlds.map(([, world]) => plan(world)));
    expect(plans.map(({ actions }) => actions)).toEqual(worlds.map(([actions]) => actions));
    expect(new Set(plans.map(({ id }) => id)).size).toBe(worlds.length);
  });
});

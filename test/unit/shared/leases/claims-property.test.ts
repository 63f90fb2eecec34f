import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Leases } from '#shared/connections/vault.ts';
import { itemKey } from '#shared/domain/item.ts';
import { closeAll } from '#shared/leases/close.ts';
import { type Marker, readMarker, writeReason } from '#shared/leases/marker.ts';
import { markedAs } from '#shared/leases/ours.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { createClaimWorld, type Fate } from '#test/support/claim-world.ts';
import { itemNumbered } from '#test/support/items.ts';

/** Random interleavings of openers, closers and reap, with deaths, freezes and lost answers. */

const ITEMS = [itemNumbered(1), itemNumbered(2)] as const;
const RUNS = ['r.1', 'r.2'] as const;
const markerOf = (run: string): Marker => ({ relayId: 'relay', workflow: 'sync', rule: 'r', run, batch: 0 });
const reasonOf = (run: string): string => writeReason(markerOf(run));
const MINUTE_MS = 60_000;

const run = fc.constantFrom(...RUNS);
const item = fc.constantFrom(ITEMS[0], ITEMS[0], ITEMS[0], ITEMS[1]);
const choice = fc.nat({ max: 20 });
const calls = fc.integer({ min: 1, max: 9 });
const fate = fc.oneof(
  { arbitrary: fc.constant<Fate>('answered'), weight: 12 },
  { arbitrary: fc.constantFrom<Fate>('lost', 'dead before', 'dead after'), weight: 1 },
);
const event = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('step' as const), choice, calls, fate }), weight: 12 },
  { arbitrary: fc.record({ kind: fc.constant('open' as const), run, item }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constant('check in' as const), run, known: fc.boolean() }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('reap' as const), ended: fc.subarray([...RUNS]) }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant('advance' as const), minutes: fc.integer({ min: 1, max: 9 }) }),
    weight: 2,
  },
  { arbitrary: fc.record({ kind: fc.constant('person' as const), item }), weight: 1 },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

type World = ReturnType<typeof createClaimWorld>;

/** Ids of the leases that each run has opened. */
type Opened = Readonly<Record<(typeof RUNS)[number], Set<string>>>;

const openAndRead = async (
  leases: Leases,
  name: (typeof RUNS)[number],
  one: (typeof ITEMS)[number],
  opened: Opened,
): Promise<void> => {
  const { id } = await leases.open(one, { reason: reasonOf(name), changeAtEnd: false, whenHeld: 'share' });
  opened[name].add(id);
  await leases.read(id, one);
};

/** Closes the claims of ended runs, as `reap` does: each for the run that it names. */
const reap = (world: World, hasEnded: (name: string) => boolean): Promise<unknown> =>
  world.start('', async (leases, process) => {
    for (const lease of await leases.held()) {
      if (!hasEnded(readMarker(lease.reason)?.run ?? '')) continue;
      process.reason = lease.reason;
      await leases.close(lease.id, 'reaped').catch(() => {});
    }
  });

const play = (world: World, one: Event, opened: Opened): Promise<void> | void => {
  switch (one.kind) {
    case 'step':
      return world.step(one.choice, one.calls, one.fate);
    case 'open':
      return void world.start(reasonOf(one.run), (leases) => openAndRead(leases, one.run, one.item, opened));
    case 'check in':
      return void world.start(reasonOf(one.run), (leases) =>
        closeAll(leases, one.known ? [...opened[one.run]] : [], markedAs(markerOf(one.run))),
      );
    case 'reap':
      return void reap(world, (name) => one.ended.some((ended) => ended === name));
    case 'advance':
      return world.advance(one.minutes * MINUTE_MS);
    case 'person': {
      const key = itemKey(one.item.ref);
      if (world.holders.get(key) === 'person') world.holders.delete(key);
      else if (!world.holders.has(key)) world.holders.set(key, 'person');
    }
  }
};

it('opens nothing without a claim, ends no lease of others, and leaves nothing open after reap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 120 }), async (events) => {
      const world = createClaimWorld();
      const opened: Opened = { 'r.1': new Set(), 'r.2': new Set() };
      for (const one of events) await play(world, one, opened);
      // Every process that is still running has the rest of its invocation.
      await world.settle();
      world.advance(MAX_INVOCATION_MS);
      void reap(world, () => true);
      await world.settle();
      expect(world.broken).toEqual([]);
      expect([...world.holders.values()].filter((holder) => holder !== 'person')).toEqual([]);
      expect([...world.records.states]).toEqual([]);
    }),
    { numRuns: 600 },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { backoffAfter, emptyMemory, type Memory } from '#shared/domain/memory.ts';
import { decide, type PlanRules } from '#shared/domain/plan/decide.ts';
import { revise, stampOf } from '#shared/domain/stamp.ts';
import { anItem, anyItem } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const DAY_MS = 86_400_000;
const rules: PlanRules = { mode: 'changes', retryParked: false, rotationWindowMinutes: 10, now: NOW };
const candidate = (item: Item = anItem(), held?: string) => ({
  item,
  store: 'aws',
  stamp: stampOf('vault', item, 'v1'),
  held,
});
const current = (item: Item = anItem(), revision = 0) =>
  candidate(item, revise(stampOf('vault', item, 'v1'), revision));
const STALE = 'another-stamp';
const checkedIn = (at: string): Memory => ({ ...emptyMemory(), checkIns: { 'account:10': Date.parse(at) } });

describe("the plan's decision about an item", () => {
  it('delivers an item that the store does not have', () => {
    const wanted = candidate();
    expect(decide(wanted, emptyMemory(), rules)).toEqual({ kind: 'deliver', stamp: wanted.stamp });
  });

  it('delivers an item that changed', () => {
    expect(decide(candidate(anItem(), STALE), emptyMemory(), rules).kind).toBe('deliver');
  });

  it('leaves a current item alone, in any revision', () => {
    expect(decide(current(), emptyMemory(), rules)).toEqual({ kind: 'unchanged' });
    expect(decide(current(anItem(), 3), emptyMemory(), rules)).toEqual({ kind: 'unchanged' });
  });

  it('never reads a credential whose stamp is stored, whatever the memory contains', () => {
    fc.assert(
      fc.property(anyItem, fc.nat(), (item, at) => {
        const memory = { ...emptyMemory(), checkIns: { [itemKey(item.ref)]: at } };
        expect(decide(current(item), memory, rules).kind).toBe('unchanged');
      }),
    );
  });

  it('waits while the vault is changing the credential', () => {
    expect(decide(candidate(anItem({ changing: true })), emptyMemory(), rules)).toEqual({ kind: 'changing' });
  });

  it.each(['changes', 'verify'] as const)('never reads an item on hold, in the mode %s', (mode) => {
    const testFailed = { kind: 'testFailed', rule: 'weekly', changedAt: '2026-01-02T03:04:05Z' } as const;
    const parked = { reason: 'failing' as const, times: 3, parkedUntil: NOW + DAY_MS };
    const memory = { ...emptyMemory(), backoffs: { 'aws account:10': parked } };
    for (const wanted of [candidate(), candidate(anItem(), STALE)]) {
      const held = decide({ ...wanted, hold: testFailed }, memory, { ...rules, mode });
      expect(held).toEqual({ kind: 'held', hold: testFailed });
      const changing = decide({ ...wanted, hold: { kind: 'changing', rule: 'weekly' } }, memory, { ...rules, mode });
      expect(changing).toEqual({ kind: 'changing', rotation: 'weekly' });
    }
    const delivered = decide({ ...current(), hold: testFailed }, memory, { ...rules, mode });
    expect(delivered.kind).toBe(mode === 'changes' ? 'unchanged' : 'held');
  });

  it('does not wait if the vault cannot report changes in progress', () => {
    expect(decide(candidate(anItem({ changing: 'unknown' })), emptyMemory(), rules).kind).toBe('deliver');
  });

  it('reads a current item in a verify run, under the next revision', () => {
    const wanted = current(anItem(), 1);
    expect(decide(wanted, emptyMemory(), { ...rules, mode: 'verify' })).toEqual({
      kind: 'deliver',
      stamp: revise(wanted.stamp, 2),
    });
  });

  it.each([
    ['2026-01-02T03:04:04Z', true],
    ['2026-01-02T03:04:05Z', true],
    ['2026-01-02T02:54:05Z', true],
    ['2026-01-02T02:54:04Z', false],
    ['2026-01-02T03:04:06Z', false],
  ])('with our own check-in at %s parks a change at 03:04:05: %s', (at, parks) => {
    const decision = decide(candidate(anItem(), STALE), checkedIn(at), rules);
    expect(decision.kind).toBe(parks ? 'parked' : 'deliver');
    if (decision.kind === 'parked') {
      expect(decision).toMatchObject({
        newly: true,
        backoff: { reason: 'rotates', times: 1, parkedUntil: NOW + DAY_MS },
      });
    }
  });

  it('does not park for a change in the second of our check-in if the vault changes nothing after check-ins', () => {
    const none = { ...rules, rotationWindowMinutes: 0 };
    expect(decide(candidate(anItem(), STALE), checkedIn('2026-01-02T03:04:05Z'), none).kind).toBe('deliver');
  });

  it('does not treat the first delivery as a rotation', () => {
    expect(decide(candidate(), checkedIn('2026-01-02T03:04:00Z'), rules).kind).toBe('deliver');
  });

  it('leaves a parked item alone until its date, tries once, and parks it longer after another rotation', () => {
    const item = anItem();
    const backoff = { reason: 'rotates' as const, times: 1, parkedUntil: NOW };
    const memory = { ...checkedIn('2026-01-02T03:04:00Z'), backoffs: { 'aws account:10': backoff } };
    const stale = candidate(item, STALE);
    expect(decide(stale, memory, { ...rules, now: NOW - 1 })).toEqual({ kind: 'parked', backoff, newly: false });
    expect(decide(stale, memory, rules).kind).toBe('deliver');

    const tried = backoffAfter(backoff, 'delivered', undefined, NOW);
    expect(tried).toMatchObject({ reason: 'rotates', times: 1 });
    const later: Memory = { ...memory, backoffs: tried === undefined ? {} : { 'aws account:10': tried } };
    expect(decide(stale, later, rules)).toMatchObject({ backoff: { times: 2, parkedUntil: NOW + 2 * DAY_MS } });
  });

  it('tries parked items at once if an operator requests it', () => {
    const backoff = { reason: 'failing' as const, times: 3, parkedUntil: NOW + DAY_MS };
    const memory = { ...emptyMemory(), backoffs: { 'aws account:10': backoff } };
    expect(decide(candidate(), memory, rules).kind).toBe('parked');
    expect(decide(candidate(), memory, { ...rules, retryParked: true }).kind).toBe('deliver');
  });
});

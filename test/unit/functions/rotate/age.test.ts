import { describe, expect, it } from 'vitest';
import type { ItemPage } from '#shared/connections/vault.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';
import { createAge } from '../../../../functions/rotate/age/age.ts';

const NOW = Date.parse('2026-03-31T00:00:00Z');
const DAY = 86_400_000;
const item = (id: number, days: number | undefined, systemName = `db-${id}`) =>
  itemNumbered(id, {
    labels: { systemName },
    changedAt: days === undefined ? undefined : new Date(NOW - days * DAY).toISOString(),
  });

const aLook = (pages: readonly ItemPage[], rule: Record<string, unknown> = {}) => {
  const { vault, fail } = fakeVault(pages);
  const measured: unknown[] = [];
  const found: unknown[] = [];
  const look = createAge({
    config: aRotationConfig({ maxAgeDays: 90, select: { systems: ['db-*'] }, ...rule }),
    vaultOf: async () => vault,
    rulesOf: async (_connection, source) => rulesOf(source),
    measure: async (...ages) => void measured.push(ages),
    onFound: (_rule, { overdue, undated, complete }) => void found.push([overdue.length, undated.length, complete]),
    now: () => NOW,
  });
  return { look: () => look({ rotation: 'weekly' }), measured, found, fail };
};

describe('a look at the ages of credentials', () => {
  it('measures the oldest of those that the rule selects', async () => {
    const { look, measured, found } = aLook([pageOf([item(1, 89), item(2, 400, 'web')]), pageOf([item(3, 30)])]);
    expect(await look()).toEqual({ oldestDays: 89, overdue: 0, undated: 0 });
    expect(measured).toEqual([['weekly', { oldestDays: 89, overdue: 0, undated: 0 }]]);
    expect(found).toEqual([]);
  });

  it('measures each account of a pair, whichever of them is active', async () => {
    const pair = { ...item(1, 1), members: [item(2, 1), item(3, 91)] };
    const { look, found } = aLook([pageOf([pair])]);
    expect(await look()).toEqual({ oldestDays: 91, overdue: 1, undated: 0 });
    expect(found).toEqual([[1, 0, true]]);
  });

  it('counts those that did not change in all the time that the vault shows', async () => {
    const changesSince = item(0, 89).changedAt;
    const { look } = aLook([{ ...pageOf([item(1, undefined), item(2, 1)]), changesSince }], { maxAgeDays: 60 });
    expect(await look()).toEqual({ oldestDays: 89, overdue: 1, undated: 0 });
  });

  it('counts those that are too old, and those without a date', async () => {
    const { look, found } = aLook([pageOf([item(1, 91), item(2, undefined), item(3, 1)])]);
    expect(await look()).toEqual({ oldestDays: 91, overdue: 1, undated: 1 });
    expect(found).toEqual([[1, 1, true]]);
  });

  it.each([
    ['no credential has a date', [pageOf([item(1, undefined)])], { overdue: 0, undated: 1 }],
    ['the rule selects none', [pageOf([item(1, 5, 'web')])], { overdue: 0, undated: 0 }],
    ['the list was incomplete', [pageOf([item(1, 5)], false)], { overdue: 0, undated: 0 }],
  ])('measures no age if %s, so that its alarm is raised', async (_what, pages, ages) => {
    const { look, measured, found } = aLook(pages);
    expect(await look()).toEqual(ages);
    expect(measured).toEqual([['weekly', ages]]);
    expect(found).toHaveLength(1);
  });

  it('measures an age that is too old even if the list was incomplete', async () => {
    const { look } = aLook([pageOf([item(1, 91)], false)]);
    expect(await look()).toEqual({ oldestDays: 91, overdue: 1, undated: 0 });
  });

  it('fails, and measures nothing, if the vault has no list', async () => {
    const { look, measured, fail } = aLook([]);
    fail('list', '', 'VaultUnavailable');
    await expect(look()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(measured).toEqual([]);
  });
});

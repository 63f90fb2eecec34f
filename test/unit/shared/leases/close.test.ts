import { beforeEach, describe, expect, it } from 'vitest';
import type { Leases } from '#shared/connections/vault.ts';
import { type Closed, closeAll } from '#shared/leases/close.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { findOurs, isFor, markedAs } from '#shared/leases/ours.ts';
import { BATCH_MARKER } from '#test/support/batches.ts';
import { aRule } from '#test/support/checkouts.ts';
import { CLOSED_AT, fakeVault } from '#test/support/fake-vault.ts';

const OURS = writeReason(BATCH_MARKER);
const isOurs = markedAs(BATCH_MARKER);
const AT = Date.parse(CLOSED_AT);

describe('the leases of a run', () => {
  let vault: ReturnType<typeof fakeVault>;
  beforeEach(() => {
    vault = fakeVault();
    vault.opened({ id: '1', item: '10', reason: OURS });
    vault.opened({ id: '2', item: '20', reason: OURS, status: 'pending' });
    vault.opened({ id: '3', item: '30', reason: 'by hand' });
    vault.opened({ id: '4', item: '40', reason: writeReason({ ...BATCH_MARKER, batch: 1 }) });
  });
  const withLeases = <T>(work: (leases: Leases) => Promise<T>): Promise<T> =>
    vault.vault.session((session) => {
      const access = session.access(aRule());
      if (access.kind !== 'leases') throw new Error('The rule asks for leases.');
      return work(access);
    });
  const close = async (known: readonly string[]): Promise<readonly Closed[]> =>
    (await withLeases((leases) => closeAll(leases, known, isOurs))).closed;

  it('are those with its marker, in any state', async () => {
    expect((await withLeases((leases) => findOurs(leases, isOurs))).map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('are an error if the vault does not list them', async () => {
    vault.fail('held', '', 'VaultUnavailable');
    await expect(withLeases((leases) => findOurs(leases, isOurs))).rejects.toMatchObject({ name: 'VaultUnavailable' });
  });

  it('are found for an item under any of its names', () => {
    const lease = [...vault.open.values()][0];
    if (lease === undefined) throw new Error('There is one.');
    const items = [...lease.items, { kind: 'alias', id: '7' }];
    expect(isFor({ ...lease, items }, { ref: { kind: 'account', id: '10' } })).toBe(true);
    expect(isFor({ ...lease, items }, { ref: { kind: 'alias', id: '7' } })).toBe(true);
    expect(isFor({ ...lease, items }, { ref: { kind: 'account', id: '7' } })).toBe(false);
    const pair = { ref: { kind: 'pair', id: 'orders' }, active: { kind: 'account', id: '10' } };
    expect(isFor({ ...lease, items }, pair)).toBe(true);
  });

  it('are closed once each, the known ones first, then those found by the marker, with the time', async () => {
    expect(await close(['1'])).toEqual([
      { id: '1', at: AT },
      { id: '2', at: AT },
    ]);
    expect(vault.calls.filter(([call]) => call === 'close' || call === 'held')).toEqual([
      ['close', '1'],
      ['held'],
      ['close', '2'],
    ]);
    expect([...vault.open.keys()]).toEqual(['3', '4']);
  });

  it('can be closed again without harm', async () => {
    await close(['1', '2']);
    expect(await close(['1', '2'])).toEqual([
      { id: '1', at: AT },
      { id: '2', at: AT },
    ]);
  });

  it('fail independently, under our error names', async () => {
    vault.fail('close', '1', 'VaultUnavailable');
    expect(await close(['1'])).toMatchObject([
      { id: '1', failure: { name: 'VaultUnavailable' } },
      { id: '2', at: AT },
    ]);
  });

  it('are not searched for if closing a known one failed', async () => {
    vault.fail('close', '2', 'VaultUnavailable');
    expect(await close(['1', '2'])).toMatchObject([{ at: AT }, { failure: { name: 'VaultUnavailable' } }]);
    expect(vault.count('close')).toBe(2);
  });

  it('do not count as closed if the vault does not list the remaining ones', async () => {
    vault.fail('held', '', 'VaultUnavailable');
    const closing = await withLeases((leases) => closeAll(leases, ['1'], isOurs));
    expect(closing).toMatchObject({ closed: [{ id: '1', at: AT }], failure: { name: 'VaultUnavailable' } });
    expect(vault.open.has('1')).toBe(false);
  });

  it('are closed if they are readable, and do not count as closed if one is unreadable', async () => {
    vault.unreadable.add('3');
    const closing = await withLeases((leases) => closeAll(leases, [], isOurs));
    expect(closing).toMatchObject({ closed: [{ id: '1' }, { id: '2' }], failure: { name: 'AnswerMalformed' } });
    expect([...vault.open.keys()]).toEqual(['3', '4']);
  });

  it('have no time if the vault returns none', async () => {
    const { closed } = await withLeases((leases) =>
      closeAll({ ...leases, close: async () => ({}) }, ['1'], () => false),
    );
    expect(closed).toEqual([{ id: '1', at: undefined }]);
  });
});

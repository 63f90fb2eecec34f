import { beforeEach, describe, expect, it } from 'vitest';
import type { TargetSessions } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { endTargetSessions } from '#shared/leases/target-sessions.ts';
import { fakeVault } from '#test/support/fake-vault.ts';

const ITEM = { kind: 'account', id: '10' };

describe('ending target sessions', () => {
  let vault: ReturnType<typeof fakeVault>;
  beforeEach(() => {
    vault = fakeVault();
    vault.sessions.set('50', { id: '50', item: ITEM });
    vault.sessions.set('51', { id: '51', leaseId: '1', item: ITEM });
    vault.sessions.set('52', { id: '52', leaseId: '2', item: ITEM });
    vault.sessions.set('53', { id: '53', item: { ...ITEM, id: '7' } });
    vault.sessions.set('54', { id: '54' });
  });
  const end = (noted: readonly string[], leaseIds: readonly string[] | Promise<readonly string[]>) =>
    vault.vault.session(({ targetSessions }) =>
      endTargetSessions(targetSessions, () => leaseIds, 'Ending the sessions of a run', { ids: noted, items: [ITEM] }),
    );
  const ended = () => vault.calls.flatMap(([call, id]) => (call === 'endSession' ? [id] : []));

  it('ends noted sessions and those of the leases, each once, and no others', async () => {
    expect(await end(['50', '51'], ['1'])).toBeUndefined();
    expect(ended()).toEqual(['50', '51']);
    expect([...vault.sessions.keys()]).toEqual(['52', '53', '54']);
  });

  it('uses the list of the vault: a note ends only a session for an item of the run', async () => {
    await end(['50', '53', '54', '99'], []);
    expect(ended()).toEqual(['50']);
  });

  it('lists none if there is neither a lease nor a note', async () => {
    await end([], []);
    expect(vault.count('listSessions')).toBe(0);
  });

  it('ends nothing that is already over', async () => {
    expect(await end(['99'], ['1'])).toBeUndefined();
    expect(ended()).toEqual(['51']);
  });

  it('ends nothing in a vault without target sessions, and lists no leases', async () => {
    const leaseIds = () => Promise.reject(new Error('asked'));
    const none: TargetSessions | undefined = undefined;
    expect(await endTargetSessions(none, leaseIds, 'x', { ids: ['50'], items: [ITEM] })).toBeUndefined();
  });

  it.each([
    ['listSessions', '', 'PermissionMissing', false],
    ['endSession', '51', 'VaultUnavailable', true],
  ] as const)('returns the error that prevented it: %s', async (call, id, name, retryable) => {
    vault.fail(call, id, name);
    expect(await end([], ['1'])).toMatchObject({ name, retryable });
  });

  it('ends readable sessions, and returns an error for an unreadable one', async () => {
    vault.unreadable.add('54');
    expect(await end([], ['1'])).toMatchObject({ name: 'AnswerMalformed', retryable: false });
    expect(ended()).toEqual(['51']);
  });

  it('ends the others if one cannot be ended, and prefers a temporary error to a final one', async () => {
    vault.sessions.set('55', { id: '55', leaseId: '1', item: ITEM });
    vault.fail('endSession', '50', 'PermissionMissing');
    vault.fail('endSession', '51', 'VaultUnavailable');
    expect(await end(['50'], ['1'])).toMatchObject({ name: 'VaultUnavailable' });
    expect([...vault.sessions.keys()]).not.toContain('55');
  });

  it('ends noted sessions even if the leases cannot be listed', async () => {
    expect(await end(['50'], Promise.reject(new RelayError('VaultUnavailable', 'away')))).toMatchObject({
      name: 'VaultUnavailable',
    });
    expect(ended()).toEqual(['50']);
  });

  it('returns an unknown error under our error name', async () => {
    const thrown = Promise.reject(new TypeError('of another making'));
    expect(await end([], thrown)).toMatchObject({
      name: 'Unexpected',
      message: expect.stringContaining('Ending the sessions of a run'),
    });
  });
});

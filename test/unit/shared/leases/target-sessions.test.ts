import { beforeEach, describe, expect, it } from 'vitest';
import type { TargetSessions } from '#shared/connections/vault.ts';
import { endTargetSessions } from '#shared/leases/target-sessions.ts';
import { fakeVault } from '#test/support/fake-vault.ts';

describe('ending target sessions', () => {
  let vault: ReturnType<typeof fakeVault>;
  beforeEach(() => {
    vault = fakeVault();
    vault.sessions.set('50', { id: '50' });
    vault.sessions.set('51', { id: '51', leaseId: '1' });
    vault.sessions.set('52', { id: '52', leaseId: '2' });
  });
  const end = (opened: readonly string[], leaseIds: readonly string[] | Promise<readonly string[]>) =>
    vault.vault.session(({ targetSessions }) =>
      endTargetSessions(targetSessions, opened, () => leaseIds, 'Ending the sessions of a run'),
    );
  const ended = () => vault.calls.flatMap(([call, id]) => (call === 'endSession' ? [id] : []));

  it('ends those that are known and those of the leases, each once, and no other', async () => {
    expect(await end(['50', '51'], ['1'])).toBeUndefined();
    expect(ended()).toEqual(['50', '51']);
    expect([...vault.sessions.keys()]).toEqual(['52']);
  });

  it('looks for none where there is no lease: then only those that are known can be ours', async () => {
    await end(['50'], []);
    expect(vault.count('listSessions')).toBe(0);
    expect(ended()).toEqual(['50']);
  });

  it('ends what is over already without harm', async () => {
    expect(await end(['99'], ['1'])).toBeUndefined();
    expect(ended()).toEqual(['99', '51']);
  });

  it('has nothing to end in a vault without target sessions, and asks nobody for leases', async () => {
    const leaseIds = () => Promise.reject(new Error('asked'));
    const none: TargetSessions | undefined = undefined;
    expect(await endTargetSessions(none, ['50'], leaseIds, 'x')).toBeUndefined();
  });

  it.each([
    ['listSessions', '', 'PermissionMissing', false],
    ['endSession', '51', 'VaultUnavailable', true],
  ] as const)('gives back what stood in the way of it: %s', async (call, id, name, retryable) => {
    vault.fail(call, id, name);
    expect(await end([], ['1'])).toMatchObject({ name, retryable });
  });

  it('gives back under a name of ours what nobody knows', async () => {
    const thrown = Promise.reject(new TypeError('of another making'));
    expect(await end([], thrown)).toMatchObject({
      name: 'Unexpected',
      message: expect.stringContaining('Ending the sessions of a run'),
    });
  });
});

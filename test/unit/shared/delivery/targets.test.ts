import { beforeEach, describe, expect, it } from 'vitest';
import { type DeliveryMode, deliverTo, expectedNow, isUpToDate } from '#shared/delivery/targets.ts';
import type { Target } from '#shared/domain/plan/batch.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import type { Presence } from '#shared/stores/store.ts';
import { aTarget } from '#test/support/batches.ts';
import { fakeStore } from '#test/support/fakes.ts';

const NAME = 'prod/one';
const owned = (stamp: string | undefined, retired = false): Presence => ({ kind: 'owned', stamp, retired });
const unconfirmed = (stamp: string): Presence => ({ kind: 'owned', stamp, unconfirmed: true, retired: false });

describe('a target', () => {
  let store: ReturnType<typeof fakeStore>;
  beforeEach(() => {
    store = fakeStore();
  });
  const found = (presence: Presence) => store.presences.set(NAME, presence);
  const look = (target: Partial<Target> = {}, mode: DeliveryMode = 'changes') =>
    isUpToDate(store.store, aTarget(NAME, { stamp: 'new', ...target }), mode, 'db-01/sa');

  describe('is inspected before its credential is read', () => {
    it.each<[string, Presence, Partial<Target>, boolean]>([
      ['is missing', { kind: 'absent' }, {}, false],
      ['has been deleted since', { kind: 'absent' }, { expected: { stamp: 'old' } }, false],
      ['has the version that the plan found', owned('old'), { expected: { stamp: 'old' } }, false],
      ['has the new version', owned('new'), { expected: { stamp: 'old' } }, true],
      ['was delivered by an earlier attempt', owned('new'), { expected: 'absent' }, true],
      ['has no stamp, as planned', owned(undefined), { expected: 'unstamped' }, false],
      ['is retired, with any version', owned('new', true), {}, false],
      ['was delivered by an attempt that died', unconfirmed('new'), { expected: { stamp: 'old' } }, false],
      ['still has the delivery of a run that died', unconfirmed('old'), { expected: 'unstamped' }, false],
    ])('and %s', async (_what, presence, target, isDone) => {
      found(presence);
      expect(await look(target)).toBe(isDone);
    });

    it('and is compared nevertheless in a verify run', async () => {
      found(owned('new'));
      expect(await look({}, 'verify')).toBe(false);
    });

    it.each<[string, Presence, Target['expected']]>([
      ['another stamp', owned('newer'), { stamp: 'old' }],
      ['a stamp where there was none', owned('newer'), 'absent'],
      ['no stamp where there was one', owned(undefined), { stamp: 'old' }],
      ['a delivery in progress', unconfirmed('newer'), { stamp: 'old' }],
    ])('and is left to the next run if another client has written it since: %s', async (_what, presence, expected) => {
      found(presence);
      await expect(look({ expected })).rejects.toMatchObject({
        name: 'DeliverySuperseded',
        message: expect.stringContaining(NAME),
      });
    });

    it('and is left alone if it is foreign, with the command that adopts it', async () => {
      found({ kind: 'foreign' });
      await expect(look()).rejects.toMatchObject({
        name: 'SecretForeign',
        message: expect.stringMatching(/prod\/one.*db-01\/sa.*run: adopt prod\/one/),
      });
    });

    it('and is left alone if it is foreign and scheduled for deletion, with its two ways out', async () => {
      found({ kind: 'foreign', retired: true });
      await expect(look()).rejects.toMatchObject({
        name: 'SecretForeign',
        message: expect.stringMatching(/scheduled for deletion.*Wait until it is deleted.*run: adopt prod\/one/),
      });
    });
  });

  describe('in its current state', () => {
    it.each<[Presence, Target['expected']]>([
      [{ kind: 'absent' }, 'absent'],
      [owned('old'), { stamp: 'old' }],
      [owned('old', true), 'absent'],
      [owned(undefined), 'unstamped'],
    ])('%j has the fence %j', async (presence, expected) => {
      found(presence);
      expect(await expectedNow(store.store, NAME, 'db-01/sa')).toEqual(expected);
    });

    it.each([true, false])('has no fence if its stamp must not be overwritten, retired or not: %s', async (retired) => {
      found(owned('theirs', retired));
      const check = (stamp: string): void => {
        throw new RelayError('CheckoutRefused', stamp);
      };
      await expect(expectedNow(store.store, NAME, 'db-01/sa', check)).rejects.toMatchObject({ message: 'theirs' });
      found(owned(undefined));
      expect(await expectedNow(store.store, NAME, 'db-01/sa', check)).toBe('unstamped');
    });

    it('has no fence if it is foreign', async () => {
      found({ kind: 'foreign' });
      await expect(expectedNow(store.store, NAME, 'db-01/sa')).rejects.toMatchObject({ name: 'SecretForeign' });
    });
  });

  describe('is delivered', () => {
    const value = new Secret('value');
    const deliver = (target: Partial<Target>, mode: DeliveryMode) =>
      deliverTo(store.store, aTarget(NAME, { stamp: 'new', ...target }), value, mode, 'what it is');

    it('with its stamp, behind its fence, and with its description', async () => {
      expect(await deliver({ expected: { stamp: 'old' } }, 'changes')).toEqual({ outcome: 'delivered' });
      expect(store.deliveries).toEqual([
        { name: NAME, value, stamp: 'new', expected: { stamp: 'old' }, description: 'what it is' },
      ]);
    });

    it('without a comparison of its value in a run that looks for changes', async () => {
      store.values.set(NAME, value);
      expect(await deliver({ expected: { stamp: 'old' } }, 'changes')).toEqual({ outcome: 'delivered' });
    });

    it('only if it differs in a verify run', async () => {
      store.values.set(NAME, new Secret('value'));
      expect(await deliver({ expected: { stamp: 'old' } }, 'verify')).toEqual({ outcome: 'unchanged' });
      expect(store.deliveries).toEqual([]);
      store.values.set(NAME, new Secret('other'));
      expect(await deliver({ expected: { stamp: 'old' } }, 'verify')).toEqual({ outcome: 'delivered' });
    });

    it.each(['absent', 'unstamped'] as const)('in a verify run if it was %s', async (expected) => {
      store.values.set(NAME, new Secret('value'));
      expect(await deliver({ expected }, 'verify')).toEqual({ outcome: 'delivered' });
    });

    it('in a verify run if the store cannot be read', async () => {
      store.store.holds = async () => 'unknown';
      expect(await deliver({ expected: { stamp: 'old' } }, 'verify')).toEqual({ outcome: 'delivered' });
    });

    it('or throws the error of the store', async () => {
      store.fail(NAME, 'StoreDenied');
      await expect(deliver({}, 'changes')).rejects.toMatchObject({ name: 'StoreDenied' });
    });
  });
});

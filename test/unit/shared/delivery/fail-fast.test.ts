import { beforeEach, describe, expect, it } from 'vitest';
import { failFast } from '#shared/delivery/fail-fast.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { fakeStore } from '#test/support/fakes.ts';

describe('a store that does not answer', () => {
  let answers: (ErrorName | undefined)[];
  let calls: number;
  let invocation: number;
  let store: SecretStore;
  beforeEach(() => {
    [answers, calls, invocation] = [[], 0, 1];
    const inspect: SecretStore['inspect'] = async () => {
      calls += 1;
      const error = answers.shift();
      if (error !== undefined) throw new RelayError(error, `${error} of the store.`);
      return { kind: 'absent' };
    };
    store = failFast(
      { ...fakeStore().store, inspect, retire: async () => (await inspect('')).kind === 'owned' },
      () => invocation,
    );
  });
  const ask = async (times: number): Promise<void> => {
    for (let call = 0; call < times; call++) await store.inspect('a').catch(() => {});
  };

  it('is not called again after three failures in a row, whatever it is asked', async () => {
    answers = ['StoreUnavailable', 'AnswerTimedOut', 'StoreUnavailable'];
    await ask(5);
    expect(calls).toBe(3);
    await expect(store.retire('a', 'none')).rejects.toMatchObject({
      name: 'StoreUnavailable',
      message: expect.stringContaining(
        'was not called again in this step; the next one calls it. StoreUnavailable of the store.',
      ),
    });
    expect(calls).toBe(3);
  });

  it('is called again by the next invocation', async () => {
    answers = ['StoreUnavailable', 'StoreUnavailable', 'StoreUnavailable'];
    await ask(4);
    invocation = 2;
    expect(await store.inspect('a')).toEqual({ kind: 'absent' });
    expect(calls).toBe(4);
  });

  it.each<[string, (ErrorName | undefined)[]]>([
    [
      'that answers in between',
      ['StoreUnavailable', 'StoreUnavailable', undefined, 'StoreUnavailable', 'StoreUnavailable'],
    ],
    ['that refuses single secrets', ['StoreDenied', 'SecretForeign', 'LimitReached', 'StoreRejected', 'StoreDenied']],
  ])('is not one %s', async (_what, given) => {
    answers = [...given];
    await ask(given.length + 1);
    expect(calls).toBe(given.length + 1);
  });
});

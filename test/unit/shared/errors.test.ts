import { describe, expect, it } from 'vitest';
import { combineErrors, RelayError } from '#shared/errors.ts';

const denied = new RelayError('StoreDenied', 'Allow it.');
const away = new RelayError('VaultUnavailable', 'It is away.', { mayHaveHappened: true });

describe('several errors in one', () => {
  it('are none if there is none, and the error itself if there is one', () => {
    expect(combineErrors([])).toBeUndefined();
    expect(combineErrors([denied])).toBe(denied);
  });

  it('contain each message once, under the name of a retryable error if there is one', () => {
    expect(combineErrors([denied, away, denied])).toMatchObject({
      name: 'VaultUnavailable',
      retryable: true,
      mayHaveHappened: true,
      message: 'It is away. Allow it.',
    });
    expect(combineErrors([denied, new RelayError('NotFound', 'Nothing there.')])).toMatchObject({
      name: 'StoreDenied',
    });
  });

  it('are quoted up to the fifth', () => {
    const many = Array.from({ length: 8 }, (_, n) => new RelayError('NotFound', `${n} is gone.`));
    expect(combineErrors(many)?.message).toBe('0 is gone. 1 is gone. 2 is gone. 3 is gone. 4 is gone. … and 3 more.');
  });
});

import { describe, expect, it } from 'vitest';
import { combineErrors, RelayError } from '#shared/errors.ts';

const denied = new RelayError('StoreDenied', 'Allow it.');
const away = new RelayError('VaultUnavailable', 'It is away.', { mayHaveHappened: true });

describe('several errors in one', () => {
  it('are none where there is none, and the error itself where it is alone', () => {
    expect(combineErrors([])).toBeUndefined();
    expect(combineErrors([denied])).toBe(denied);
  });

  it('say everything, each once, and go by the name of one that another attempt may help', () => {
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

  it('are quoted up to five', () => {
    const many = Array.from({ length: 8 }, (_, n) => new RelayError('NotFound', `${n} is gone.`));
    expect(combineErrors(many)?.message).toBe('0 is gone. 1 is gone. 2 is gone. 3 is gone. 4 is gone. … and 3 more.');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMessage } from '#functions/intake-queue/read-message.ts';
import { RelayError } from '#shared/errors.ts';
import { messageConfig } from '#test/support/messages.ts';

const NOW = Date.parse('2026-03-01T08:00:00Z');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
const rules = messageConfig();

const requested = (more: object = {}) => ({
  type: 'checkout.requested',
  checkout: 'tickets',
  id: '7',
  accounts: [{ system: 'db-01', account: 'sa' }],
  window: { minutes: 120 },
  reason: 'Restore',
  ...more,
});
const reasonOf = (message: unknown): string => {
  try {
    readMessage(typeof message === 'string' ? message : JSON.stringify(message), rules, NOW);
    return 'taken';
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    expect(thrown.name).toBe('MessageInvalid');
    return thrown.message;
  }
};

describe('a message in the queue', () => {
  it.each([
    ['of the longest window', requested()],
    ['whose window ends when it may', requested({ window: { until: at(120) } })],
    ['whose window lies far away, and is short', requested({ window: { from: at(90_000), until: at(90_120) } })],
    [
      'whose window is over, which only matters to one that is not known yet',
      requested({ window: { until: at(-10) } }),
    ],
    [
      'about a connection without such an account',
      { type: 'credential.changed', connection: 'vault', system: 's', account: 'a' },
    ],
  ])('is taken %s', (_what, message) => expect(reasonOf(message)).toBe('taken'));

  it.each([
    ['not JSON', '{"type":', 'the whole message: is not JSON; send one JSON object'],
    ['of a type nobody knows', { type: 'checkout.request' }, 'type: is not known; did you mean "checkout.requested"?'],
    [
      'without a type',
      {},
      'type: is missing; write one of "checkout.requested", "checkout.extended", "checkout.released", "credential.changed"',
    ],
    [
      'for a rule that is not there',
      requested({ checkout: 'tickts' }),
      'checkout: is not in relay.yaml; did you mean "tickets"?',
    ],
    [
      'for a rule by a name that every object has',
      requested({ checkout: 'constructor' }),
      'checkout: is not in relay.yaml; use "tickets"',
    ],
    [
      'to release by a rule that is not there',
      { type: 'checkout.released', checkout: 'x', id: '7' },
      'checkout: is not in relay.yaml; use "tickets"',
    ],
    [
      'for a connection that is not there',
      { type: 'credential.changed', connection: 'valt', system: 's', account: 'a' },
      'connection: is not in relay.yaml; did you mean "vault"?',
    ],
    [
      'for too many minutes',
      requested({ window: { minutes: 121 } }),
      'window.minutes: is longer than the rule allows; ask for at most 120 minutes',
    ],
    [
      'until too late',
      requested({ window: { until: at(121) } }),
      'window.until: is longer than the rule allows; ask for at most 120 minutes',
    ],
    [
      'for a window that is too long',
      requested({ window: { from: at(10), until: at(131) } }),
      'window.until: is longer than the rule allows; ask for at most 120 minutes',
    ],
    [
      'for a window that ends before it begins',
      requested({ window: { from: at(10), until: at(10) } }),
      'window.until: is not after window.from; swap them',
    ],
    [
      'with a time that is none',
      requested({ window: { until: 'noon' } }),
      'window.until: is not usable; use a time with its zone, such as 2026-03-01T08:00:00Z',
    ],
    [
      'with a reason that is too long',
      requested({ reason: 'x'.repeat(501) }),
      'reason: must have at most 500 characters',
    ],
    [
      'with two things wrong',
      requested({ id: '', reason: '' }),
      'id: is not usable; use 1 to 48 letters, digits, dots, hyphens and underscores; reason: is empty; write something or remove the key',
    ],
  ])('is refused when it is %s', (_what, message, reason) => expect(reasonOf(message)).toBe(reason));

  it('without any rule in relay.yaml is told that there is none', () => {
    const body = JSON.stringify(requested());
    expect(() => readMessage(body, { ...rules, checkouts: {} }, NOW)).toThrow(
      'checkout: is not in relay.yaml; there are none in relay.yaml',
    );
  });

  it('never finds its values in the reason why it is refused', () => {
    const value = fc.stringMatching(/^[A-Z0-9]{12,20}$/).map((text) => `sentinel${text}`);
    fc.assert(
      fc.property(
        value,
        fc.constantFrom('type', 'checkout', 'id', 'accounts', 'window', 'reason', 'ticket'),
        (text, field) => {
          const wrong =
            field === 'id' || field === 'ticket' || field === 'reason' ? `${text} ${'x'.repeat(600)}` : text;
          const reason = reasonOf(requested({ [field]: wrong }));
          expect(reason).not.toBe('taken');
          expect(reason).not.toContain(text);
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkoutNamedIn, readMessage } from '#functions/intake/queue/read-message.ts';
import { RelayError } from '#shared/errors.ts';
import { aConfig, aRotationConfig } from '#test/support/configs.ts';
import { addressOf, messageConfig } from '#test/support/messages.ts';

const NOW = Date.parse('2026-03-01T08:00:00Z');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
const rules = messageConfig();

const requested = (more: object = {}) => ({
  type: 'checkout.requested',
  checkout: 'tickets',
  id: '7',
  items: [{ systemName: 'db-01', accountName: 'sa' }],
  window: { minutes: 120 },
  reason: 'Restore',
  ...more,
});
const changed = (more: object = {}) => ({
  type: 'credential.changed',
  connection: 'vault',
  item: { systemName: 's', accountName: 'a' },
  ...more,
});
const reasonOf = async (message: unknown, config = rules): Promise<string> => {
  try {
    await readMessage(typeof message === 'string' ? message : JSON.stringify(message), config, NOW, addressOf);
    return 'taken';
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    expect(thrown.name).toBe('MessageInvalid');
    return thrown.message;
  }
};

describe('the rule in the log line of a message', () => {
  it.each([
    [requested(), 'tickets'],
    [{ type: 'checkout.unknown', checkout: 'tickets' }, 'tickets'],
    [requested({ checkout: 'constructor' }), undefined],
    [requested({ checkout: 'canary' }), undefined],
    [requested({ checkout: 7 }), undefined],
    [changed(), undefined],
    ['not JSON', undefined],
    [null, undefined],
  ])('of %j is %s', (message, expected) => {
    expect(checkoutNamedIn(typeof message === 'string' ? message : JSON.stringify(message), rules)).toBe(expected);
  });
});

describe('a message in the queue', () => {
  it.each([
    ['with the longest window', requested()],
    ['with the latest end of its window', requested({ window: { until: at(120) } })],
    ['with a short window far in the future', requested({ window: { from: at(90_000), until: at(90_120) } })],
    ['with a window that is over, which only matters for a new id', requested({ window: { until: at(-10) } })],
    ['about a connection without such an item', changed()],
  ])('is accepted %s', async (_what, message) => expect(await reasonOf(message)).toBe('taken'));

  it.each([
    ['not JSON', '{"type":', 'the whole message: is not JSON; send one JSON object'],
    ['of an unknown type', { type: 'checkout.request' }, 'type: is not known; did you mean "checkout.requested"?'],
    [
      'without a type',
      {},
      'type: is missing; write one of "checkout.requested", "checkout.extended", "checkout.shortened", "checkout.released", "credential.changed", "rotation.requested", "hold.released", "rotation.stopped", "rotation.resumed", "provision.requested", "deprovision.requested", "member.joined", "member.left", "member.moved"',
    ],
    [
      'made for another user of the vault',
      requested({ runAs: 'CORP\\alice' }),
      'runAs: is not a known key; use one of "type", "checkout", "id", "items", "window", "reason", "ticket"',
    ],
    [
      'with half a character',
      changed({ item: { systemName: 'db-\ud800', accountName: 'a' } }),
      'item.systemName: use well-formed Unicode without control characters, such as tabs, line breaks or bidirectional marks',
    ],
    [
      'for a rule that does not exist',
      requested({ checkout: 'tickts' }),
      'checkout: is not in relay.yaml; did you mean "tickets"?',
    ],
    [
      'for a rule with a name that every object has',
      requested({ checkout: 'constructor' }),
      'checkout: is not in relay.yaml; use "tickets"',
    ],
    [
      'a release for a rule that does not exist',
      { type: 'checkout.released', checkout: 'x', id: '7' },
      'checkout: is not in relay.yaml; use "tickets"',
    ],
    [
      'for a connection that does not exist',
      changed({ connection: 'valt' }),
      'connection: is not in relay.yaml; did you mean "vault"?',
    ],
    [
      'for too many minutes',
      requested({ window: { minutes: 121 } }),
      'window.minutes: is longer than the rule allows; request at most 120 minutes',
    ],
    [
      'for a window that ends too late',
      requested({ window: { until: at(121) } }),
      'window.until: is longer than the rule allows; request at most 120 minutes',
    ],
    [
      'for a window that is too long',
      requested({ window: { from: at(10), until: at(131) } }),
      'window.until: is longer than the rule allows; request at most 120 minutes',
    ],
    [
      'for a window that ends before it begins',
      requested({ window: { from: at(10), until: at(10) } }),
      'window.until: is not after window.from; use a later time',
    ],
    [
      'with an invalid time',
      requested({ window: { until: 'noon' } }),
      'window.until: is not valid; use a time with a time zone, such as 2026-03-01T08:00:00Z',
    ],
    [
      'with a reason that is too long',
      requested({ reason: 'x'.repeat(501) }),
      'reason: must have at most 500 characters',
    ],
    [
      'with two things wrong',
      requested({ id: '', reason: '' }),
      'id: is not valid; use 1 to 48 letters, digits, dots, hyphens and underscores; reason: is empty; add a value or remove the key',
    ],
    [
      'about an item with labels that the rule does not have',
      requested({ items: [{ systemName: 'db-01', accountName: 'sa' }, { title: 'x' }] }),
      'items[1]: must be addressed by systemName and accountName only',
    ],
    [
      'about a changed item with labels that no sync has',
      changed({ item: { systemName: 's', accountName: 'a', domainName: 'd' } }),
      'item: must be addressed by systemName and accountName only',
    ],
  ])('is refused when it is %s', async (_what, message, reason) => expect(await reasonOf(message)).toBe(reason));

  it('is refused with a reason of a limited length, whatever it contains', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]));
    const reason = await reasonOf({ type: 'credential.changed', ...unknown });
    expect(reason.length).toBeLessThan(10_000);
    expect(reason).toMatch(/and \d+ more$/);
  });

  it('is refused with that reason if relay.yaml has no rule', async () => {
    expect(await reasonOf(requested(), { ...rules, checkouts: {} })).toBe(
      'checkout: is not in relay.yaml; there are none in relay.yaml',
    );
  });

  it('about a change is accepted without effect if no sync has addressable items', async () => {
    const { syncs } = aConfig({ source: 'secrets-safe', name: 'prod/{secretId}' });
    expect(await reasonOf(changed(), { ...rules, syncs })).toBe('taken');
    expect(await reasonOf(changed({ item: { whatever: 'x' } }), { ...rules, syncs })).toBe('taken');
  });

  it('keeps its values out of the reason for its refusal', async () => {
    const value = fc.stringMatching(/^[A-Z0-9]{12,20}$/).map((text) => `sentinel${text}`);
    await fc.assert(
      fc.asyncProperty(
        value,
        fc.constantFrom('type', 'checkout', 'id', 'items', 'window', 'reason', 'ticket'),
        async (text, field) => {
          const wrong =
            field === 'id' || field === 'ticket' || field === 'reason' ? `${text} ${'x'.repeat(600)}` : text;
          const reason = await reasonOf(requested({ [field]: wrong }));
          expect(reason).not.toBe('taken');
          expect(reason).not.toContain(text);
        },
      ),
    );
  });

  it('keeps the labels of an address, and their texts, out of that reason', async () => {
    const text = fc.stringMatching(/^sentinel[A-Z0-9]{12,20}$/);
    await fc.assert(
      fc.asyncProperty(text, text, async (label, value) => {
        for (const message of [requested({ items: [{ [label]: value }] }), changed({ item: { [label]: value } })]) {
          const reason = await reasonOf(message);
          expect(reason).not.toBe('taken');
          expect(reason).not.toMatch(/sentinel/);
        }
      }),
    );
  });
});

describe('a message that requests a rotation', () => {
  const emergency = { emergency: true, budget: 9, senders: ['AROA1234567890EXAMPLE'] };
  const named = (name: string, rule = {}) =>
    Object.fromEntries(Object.values(aRotationConfig(rule).rotations).map((weekly) => [name, weekly]));
  const rotating = { ...rules, rotations: { ...named('weekly'), ...named('breach', emergency) } };
  const asked = (more: object = {}, rotation = 'weekly') => ({
    type: 'rotation.requested',
    rotation,
    id: 'INC1',
    ...more,
  });
  const SELECTIONS = {
    items: [{ systemName: 'db-01', accountName: 'sa' }],
    systems: ['db-*'],
    ticket: 'CHG1',
    everything: true,
  };

  it('selects in exactly one way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(Object.entries(SELECTIONS)), async (some) => {
        const reason = await reasonOf(asked(Object.fromEntries(some), 'breach'), rotating);
        if (some.length === 1) expect(reason).toBe('taken');
        else
          expect(reason).toContain('must select items by exactly one of "items", "systems", "ticket" and "everything"');
      }),
    );
  });

  it.each([
    [
      'everything of a rule that is not for emergencies',
      { everything: true },
      'everything: needs a rule with emergency: true; name items, systems or a ticket, or set rotations.weekly.emergency: true in relay.yaml',
    ],
    ['all systems but some', { systems: ['!db-*'] }, 'systems: write at least one pattern that includes systems'],
    [
      'items without an address',
      { items: [{ systemName: 'db-01' }] },
      'items[0]: must be addressed by systemName and accountName only',
    ],
  ])('is refused for %s', async (_what, selection, reason) => {
    expect(await reasonOf(asked(selection), rotating)).toContain(reason);
  });
});

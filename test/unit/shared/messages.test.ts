import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { name } from '#shared/config/schema/fields.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { declaredMemberSchema } from '#shared/domain/directory/declared.ts';
import { isPlainText } from '#shared/domain/text.ts';
import { readMarker, withMarker } from '#shared/leases/marker.ts';
import { checkAddress } from '#shared/messages/address.ts';
import { checkoutOrderSchema, messageSchema } from '#shared/messages/messages.ts';
import { identityOf } from '#test/support/checkouts.ts';

const ROOT = new URL('../../../', import.meta.url);
const EXAMPLES = new URL('examples/messages/', ROOT);
const examples = readdirSync(EXAMPLES).map((name): [string, unknown] => [
  name,
  JSON.parse(readFileSync(new URL(name, EXAMPLES), 'utf8')),
]);
const [, requested] = examples.find(([name]) => name === 'checkout-requested.json') ?? [];

/** The order of the example message, with the identity of its sender. */
const order = { ...identityOf('CHG1'), ...Object(requested) };

/** The same JSON with the fields of each object in another order. */
const shuffled = (value: unknown, turn: number): unknown => {
  if (Array.isArray(value)) return value.map((inner) => shuffled(inner, turn));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, shuffled(inner, turn)]);
  const by = turn % Math.max(entries.length, 1);
  return Object.fromEntries([...entries.slice(by), ...entries.slice(0, by)].toReversed());
};

describe('the example messages', () => {
  it('are one of each type, and parse', () => {
    expect(examples.map(([, example]) => messageSchema.parse(example).type).toSorted()).toEqual([
      'checkout.extended',
      'checkout.released',
      'checkout.requested',
      'checkout.shortened',
      'credential.changed',
      'deprovision.requested',
      'hold.released',
      'member.joined',
      'member.left',
      'member.moved',
      'provision.requested',
      'rotation.requested',
      'rotation.resumed',
      'rotation.stopped',
    ]);
  });

  it('are those in docs/messages.md', () => {
    const page = readFileSync(new URL('docs/messages.md', ROOT), 'utf8');
    const shown = [...page.matchAll(/^```json\n([\s\S]*?)```/gm)].map(([, block = '']) => JSON.parse(block));
    expect(shown).toEqual(expect.arrayContaining(examples.map(([, example]) => example)));
    expect(shown).toHaveLength(examples.length);
  });
});

describe('a message', () => {
  it('results in the same text once it is parsed, in any order of its fields', () => {
    fc.assert(
      fc.property(fc.constantFrom(...examples), fc.nat(20), ([, example], turn) => {
        const text = (message: unknown) => JSON.stringify(messageSchema.parse(message));
        expect(text(shuffled(example, turn))).toBe(text(example));
        expect(text(JSON.parse(text(example)))).toBe(text(example));
      }),
    );
  });

  it('accepts every name of a rule that relay.yaml accepts, and no other', () => {
    const anyName = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9-]{0,32}$/), fc.string({ maxLength: 33 }));
    fc.assert(
      fc.property(anyName, (checkout) => {
        const asked = messageSchema.safeParse({ ...Object(requested), checkout });
        expect(asked.success).toBe(name.safeParse(checkout).success);
      }),
    );
  });

  it.each(['member.left', 'member.moved', 'member.joined'])(
    'of the type %s names every address that can be declared',
    (type) => {
      const anyAddress = fc.constantFrom(
        "j.o'hara+50%@example.com",
        'jürgen@bücher.example',
        ' Ann@Example.com ',
        'ann',
      );
      fc.assert(
        fc.property(anyAddress, (email) => {
          const message = {
            type,
            directory: 'people',
            email,
            position: 1,
            ...(type !== 'member.left' && { groups: [] }),
          };
          expect(messageSchema.safeParse(message).success).toBe(declaredMemberSchema.safeParse({ email }).success);
        }),
        { numRuns: 10 },
      );
    },
  );

  it('cannot contain a reason that hides the requester or is too long for the vault', () => {
    const marker = {
      relayId: `${'r'.repeat(31)}.000000000000.ap-southeast-2`,
      workflow: 'checkout',
      rule: `${'t'.repeat(31)}`,
      run: `${'t'.repeat(31)}.${'x'.repeat(48)}`,
      batch: 0,
    } as const;
    const theirs = fc.constantFrom(
      '[other/checkout/tickets/tickets.1/0]',
      '[relay/checkout/tickets/tickets.2/0] ',
      ' [relay/sync/fleet/fleet.3/0]  ',
    );
    const anyReason = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 460 }), theirs)
      .map((parts) => parts.join(''))
      .map((reason) => [...reason].filter(isPlainText).join(''))
      .filter((reason) => reason.trim() !== '' && reason.length <= 500);
    fc.assert(
      fc.property(anyReason, (reason) => {
        const asked = checkoutOrderSchema.parse({ ...order, reason });
        const written = withMarker(asked.reason, marker);
        expect(readMarker(written)).toEqual(marker);
        expect(written.length).toBeLessThanOrEqual(1000);
      }),
    );
  });

  it('results in an execution name that Step Functions accepts', () => {
    const rule = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
    const id = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,47}$/);
    fc.assert(
      fc.property(rule, id, (checkout, one) => {
        const asked = { ...Object(requested), checkout, id: one };
        expect(messageSchema.safeParse(asked).success).toBe(true);
        expect(checkoutRun(identityOf(one, checkout))).toMatch(/^[\w.-]{1,80}$/);
      }),
    );
  });

  it.each([
    ['an unknown field', { surplus: true }],
    ['an id with a space', { id: 'CHG 1' }],
    ['an id that is too long', { id: 'x'.repeat(49) }],
    ['no item', { items: [] }],
    ['more than twenty items', { items: Array.from({ length: 21 }, (_none, index) => ({ accountName: `${index}` })) }],
    [
      'an item twice, in any spelling',
      {
        items: [
          { systemName: 'A', accountName: 'b' },
          { accountName: 'B', systemName: 'a' },
        ],
      },
    ],
    ['an item without a label', { items: [{}] }],
    ['an item with too many labels', { items: [{ a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', g: '1' }] }],
    ['an invalid label', { items: [{ 'system name': 'db-01' }] }],
    ['a label whose name is too long', { items: [{ ['x'.repeat(32)]: 'db-01' }] }],
    ['a label without text', { items: [{ systemName: '' }] }],
    ['a text that is too long', { items: [{ systemName: 'x'.repeat(247) }] }],
    ['a label that is not text', { items: [{ systemName: 1 }] }],
    ['a window without an end', { window: {} }],
    ['a window with two ends', { window: { minutes: 5, until: '2026-03-01T10:30:00Z' } }],
    ['a time without its zone', { window: { until: '2026-03-01T10:30:00' } }],
    ['a day that does not exist', { window: { until: '2026-02-30T10:30:00Z' } }],
    ['a reason of only spaces', { reason: '  ' }],
    ['a text with half a character', { items: [{ systemName: 'db-\ud800' }] }],
    ['a text with a control character', { items: [{ systemName: 'db-01', accountName: 'sa\x1b[2J' }] }],
    ['a text with a bidirectional mark', { items: [{ systemName: 'db\u202e10' }] }],
    ['a reason with several lines', { reason: 'Restore\nApproved by: everybody' }],
    ['a reason with a tab', { reason: 'Restore\tit' }],
    ['a reason that ends in a line break', { reason: 'Restore\n' }],
    ['a reason with half a character', { reason: '\udc00' }],
  ])('is refused with %s', (_what, more) => {
    expect(messageSchema.safeParse({ ...Object(requested), ...more }).success).toBe(false);
  });
});

describe('an item in a message', () => {
  it('has up to six labels, as long as names can be, sorted by name', () => {
    const text = 'x'.repeat(246);
    const item = Object.fromEntries(['f', 'b', 'D', 'a', 'z'.repeat(31), 'e'].map((label) => [label, text]));
    const { items } = checkoutOrderSchema.parse({ ...order, items: [item] });
    expect(items).toEqual([item]);
    expect(Object.keys(items[0] ?? {})).toEqual(Object.keys(item).toSorted());
  });

  it('differs if a text or a label differs', () => {
    const items = [{ a: 'x' }, { a: 'y' }, { b: 'x' }, { a: 'x', b: 'x' }];
    expect(checkoutOrderSchema.safeParse({ ...order, items }).success).toBe(true);
  });

  const ADDRESS = { labels: ['systemName', 'accountName'], spellings: () => [] };

  it('is valid with the labels that its rule requires', () => {
    expect(checkAddress({ systemName: 'db-01', accountName: 'sa' }, ADDRESS)).toBeUndefined();
  });

  it.each([
    ['too few labels', { systemName: 'db-01' }],
    ['too many labels', { systemName: 'db-01', accountName: 'sa', domainName: 'corp' }],
    ['other labels', { systemName: 'db-01', canary: 'sa' }],
    ['labels in another case', { systemname: 'db-01', accountName: 'sa' }],
    ['no labels', {}],
  ])('is refused with %s, without repeating any of its text', (_what, labels) => {
    expect(checkAddress(labels, ADDRESS)).toBe('must be addressed by systemName and accountName only');
  });

  it('is refused if nothing can be addressed', () => {
    expect(checkAddress({ systemName: 'db-01' }, undefined)).toBe(
      'cannot be addressed: messages have no address for items of this source',
    );
  });
});

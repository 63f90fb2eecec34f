import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSearch } from '#local/canaries.ts';
import { newCanary } from '#local/simulators/password-safe/credential-shapes.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';

const CANARY = `canary-${'0123456789ab'.repeat(2)}`;
const messageOf = (fail: () => unknown): string => {
  try {
    return String(fail());
  } catch (thrown) {
    return String(thrown);
  }
};
const hitsIn = (content: string | Buffer, values: string[] = []) =>
  createSearch(values)({ where: 'here', content: Buffer.from(content) });

const forms: [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['as JSON', (text) => JSON.stringify({ deep: text })],
  ['as JSON in JSON', (text) => JSON.stringify(JSON.stringify({ deep: text }))],
  ['encoded for a URL', encodeURIComponent],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64 for a URL', (text) => Buffer.from(text).toString('base64url')],
  ['in hex', (text) => Buffer.from(text).toString('hex')],
  ['as the bytes of a Buffer in JSON', (text) => JSON.stringify(Buffer.from(text))],
  [
    'as the bytes of a Buffer in a log',
    (text) => `<Buffer ${[...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}>`,
  ],
  ['in upper-case hex', (text) => Buffer.from(text).toString('hex').toUpperCase()],
];

describe('the search for canaries', () => {
  it.each(forms)('finds one %s, regardless of the surrounding text', (_, write) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (before, after) => {
        expect(hitsIn(`log: ${write(`${before}${CANARY}${after}`)} end`).length).toBeGreaterThan(0);
      }),
    );
  });

  it('finds a truncated one', () => {
    const [said] = /Unexpected.*$/.exec(messageOf(() => JSON.parse(`${CANARY}, and so on`))) ?? [];
    expect(said).toBeDefined();
    expect(hitsIn(String(said))).toHaveLength(1);
  });

  it.each(forms)('finds every credential, token and cookie that the simulator issues, %s', (_, write) => {
    const shapes = new Set<string>();
    for (const { credential, credentialShape } of createFleet({ accounts: 26, seed: 1 })) {
      shapes.add(credentialShape);
      expect(hitsIn(write(credential)).length, credentialShape).toBeGreaterThan(0);
    }
    expect(shapes).toEqual(new Set(['plain', 'quoted', 'key', 'blanks', 'base64', 'long']));
    expect(hitsIn(write(newCanary())).length).toBeGreaterThan(0);
  });

  it('finds every one', () => {
    expect(hitsIn(`${CANARY} and ${CANARY}`)).toEqual([
      { where: 'here', form: 'as it is', offset: 0 },
      { where: 'here', form: 'as it is', offset: CANARY.length + 5 },
    ]);
  });

  it('finds nothing in a text that only resembles one', () => {
    expect(hitsIn('the canary- in the mine, canary-01, and [secret]')).toEqual([]);
  });

  it('reports nothing that was not written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(hitsIn(Buffer.from(bytes))).toEqual([]);
      }),
    );
  });
});

describe('the search for other values', () => {
  it.each(forms)('finds one %s', (_, write) => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, maxLength: 12, unit: 'grapheme' }), (value) => {
        expect(hitsIn(`log: ${write(`before ${value} after`)} end`, [value]).length).toBeGreaterThan(0);
      }),
    );
  });

  it('does not reveal the value', () => {
    const [hit] = hitsIn('it is s3cret!', ['s3cret!']);
    expect(JSON.stringify(hit)).not.toContain('s3cret');
  });
});

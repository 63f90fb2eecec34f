import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '#shared/secret.ts';

const WORD = 'correct-horse-canary';

describe('Secret', () => {
  it.each<[string, (secret: Secret) => string]>([
    ['String()', (secret) => String(secret)],
    ['a template', (secret) => `${secret}`],
    ['joining', (secret) => ['', secret].join('')],
    ['JSON', (secret) => JSON.stringify({ secret, list: [secret] })],
    ['inspect', (secret) => inspect({ secret }, { depth: null, showHidden: true })],
    ['format', (secret) => format('%s %o %j %O', secret, secret, secret, secret)],
    ['an error', (secret) => inspect(new Error(`${secret}`, { cause: secret }), { depth: null })],
    ['a spread', (secret) => JSON.stringify({ ...secret })],
    ['a structured clone', (secret) => inspect(structuredClone({ ...secret }), { showHidden: true })],
  ])('does not print its value by way of %s', (_road, print) => {
    expect(print(new Secret(WORD))).not.toContain(WORD);
  });

  it('reveals exactly the original value', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => new Secret(value).reveal() === value));
  });

  it('equals another secret if and only if their values are equal', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(new Secret(one).equals(new Secret(other))).toBe(one === other);
        expect(new Secret(one).equals(new Secret(one))).toBe(true);
      }),
    );
  });

  it('keeps bytes as bytes, never prints them, and never equals a text of the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const secret = new Secret(one);
        expect(secret.reveal()).toBe(one);
        expect(`${secret} ${JSON.stringify({ secret })} ${inspect(secret, { showHidden: true })}`).toBe(
          '[secret] {"secret":"[secret]"} [secret]',
        );
        expect(secret.equals(new Secret(Uint8Array.from(one)))).toBe(true);
        expect(secret.equals(new Secret(other))).toBe(Buffer.from(one).equals(Buffer.from(other)));
        expect(secret.equals(new Secret(Buffer.from(one).toString()))).toBe(false);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillResource } from '#shared/domain/blueprint/fill.ts';
import { checkInputs } from '#shared/domain/blueprint/inputs.ts';

const DECLARED = {
  host: { format: 'word' },
  address: { format: 'address' },
  owner: { format: 'text', default: 'Operations' },
} as const;

describe('the inputs of a message', () => {
  it('are filled in with the defaults', () => {
    expect(checkInputs(DECLARED, { host: 'web-01', address: '10.1.2.3' })).toEqual({
      ok: true,
      inputs: { host: 'web-01', address: '10.1.2.3', owner: 'Operations' },
    });
  });

  it.each([
    ['a missing one', { address: '::1' }, 'host', 'is missing'],
    ['an unknown one', { host: 'a', address: '::1', constructor: 'x' }, 'constructor', 'is not declared'],
    ['a name with a slash', { host: 'a/../b', address: '::1' }, 'host', 'use 1 to 64 letters'],
    ['an empty word', { host: '', address: '::1' }, 'host', 'use 1 to 64 letters'],
    ['a word that begins with a dot', { host: '.a', address: '::1' }, 'host', 'use 1 to 64 letters'],
    ['an address with a zone', { host: 'a', address: 'fe80::1%eth0' }, 'address', 'use an IPv4 or IPv6 address'],
    ['an address that is a name', { host: 'a', address: 'localhost' }, 'address', 'use an IPv4 or IPv6 address'],
    ['a text with a line break', { host: 'a', address: '::1', owner: 'a\nb' }, 'owner', 'in one line'],
    ['a text with half a character', { host: 'a', address: '::1', owner: 'a\ud800' }, 'owner', 'in one line'],
    [
      'a text that resembles a mark',
      { host: 'a', address: '::1', owner: 'x [pam-relay hosts 0123456789abcdef]' },
      'owner',
      'without [pam-relay',
    ],
    ['a text that is too long', { host: 'a', address: '::1', owner: 'x'.repeat(121) }, 'owner', '120 characters'],
  ])('are refused with the fix: %s', (_what, given, input, message) => {
    expect(checkInputs(DECLARED, given)).toEqual({
      ok: false,
      problems: [{ input, message: expect.stringContaining(message) }],
    });
  });

  it('are never repeated by a problem', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (text) => {
        const given = { host: `${text}/`, address: `x${text}` };
        const checked = checkInputs(DECLARED, given);
        expect(checked.ok).toBe(false);
        const messages = JSON.stringify(checked);
        for (const value of Object.values(given))
          expect(messages.includes(JSON.stringify(value).slice(1, -1))).toBe(false);
      }),
    );
  });
});

describe('a resource', () => {
  it('has its texts filled in at any depth, but not its type', () => {
    expect(
      fillResource(
        { type: '{host}', name: 'Linux {host}', list: ['{owner}', 7], map: { text: '{{{host}}}' }, port: 22, on: true },
        { host: 'web', owner: 'Ops' },
      ),
    ).toEqual({ type: '{host}', name: 'Linux web', list: ['Ops', 7], map: { text: '{web}' }, port: 22, on: true });
  });

  it('never interprets braces in an input', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fillResource({ name: 'a {x} b' }, { x: text, '': 'no' })['name']).toBe(`a ${text} b`);
      }),
      { examples: [['{x}'], ['{{'], ['{__proto__}']] },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNaming } from '#shared/domain/naming.ts';
import { kvRules } from '#shared/stores/kv-v2/rules.ts';

const { name: rules } = kvRules;
const nameOf = (template: string, labels: Record<string, string>): string =>
  createNaming({ template, labels: { one: {}, other: {}, path: { path: true } }, rules })({ labels, title: 'item' });

describe('a name in KV', () => {
  it.each([
    ['prod/{one}', { one: 'db 01' }, 'prod/db=2001'],
    ['prod/{one}', { one: '..' }, 'prod/=2E=2E'],
    ['prod/{one}/{other}', { one: '.', other: '' }, 'prod/=2E/_'],
    ['prod/{path}/{one}', { path: 'a//b/..', one: 'x' }, 'prod/a/_/b/=2E=2E/x'],
    ['/prod//{one}', { one: '...' }, '=/prod/=/...'],
  ])('of %s with %j is %s', (template, labels, name) => expect(nameOf(template, labels)).toBe(name));

  it('is a path that no server changes, and that shows which text it was made from', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const odd = fc.oneof(text, fc.constantFrom('', '.', '..', '/', '=', '=2E', '_', 'a/b', '%2F'));
    fc.assert(
      fc.property(odd, odd, fc.constantFrom('/', '.', '-'), (one, other, between) => {
        const name = nameOf(`prod/{one}${between}{other}`, { one, other });
        const segments = name.split('/');
        expect(segments.some((segment) => ['', '.', '..'].includes(segment))).toBe(false);
        expect(encodeURI(name)).toBe(name);
        if (between !== '/') return;
        const parts = rules.reading.unfinish(name).split('/').slice(1);
        expect(parts.map((part) => rules.reading.decodePart(part))).toEqual([one, other]);
      }),
    );
  });

  it('does not end like a folder', () => {
    expect(rules.badEnding('/x/')).toMatch(/slash/);
    expect(rules.badEnding('/x')).toBeUndefined();
  });
});

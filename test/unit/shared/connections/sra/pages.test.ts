import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressIn } from '#shared/connections/sra/pages.ts';

const RELS = ['first', 'previous', 'next', 'last'] as const;
const address = fc.webUrl({ withQueryParameters: true }).filter((url) => !/[<>]/.test(url));

describe('a Link header', () => {
  it.each([
    ['', undefined],
    ['<https://a/b?c=1>; rel="next"', 'https://a/b?c=1'],
    ['<https://a/b>; rel=next, <https://a/c>; rel=last', 'https://a/b'],
    ['<https://a/b>; title="next"; rel="last"', undefined],
    ['<https://a/b>; rel="previous", <https://a/c,d;e>; REL="Next"', 'https://a/c,d;e'],
    ['<https://a/b>; rel="last next"', 'https://a/b'],
    ["<https://a/b>; rel='next', <https://a/c>; rel='last'", 'https://a/b'],
    ['<https://a/b>; rel="nextish"', undefined],
    ['https://a/b; rel="next"', undefined],
  ])('%s leads to %s', (link, next) => {
    expect(addressIn(link, 'next')).toBe(next);
  });

  it('leads to the address that it calls the next one, in any order, or to none', () => {
    const relation = fc.constantFrom('next', 'last');
    const entries = fc.uniqueArray(fc.tuple(fc.constantFrom(...RELS), address), { selector: ([rel]) => rel });
    fc.assert(
      fc.property(entries, fc.constantFrom('"', "'", ''), relation, (links, quote, wanted) => {
        const header = links.map(([rel, url]) => `<${url}>; rel=${quote}${rel}${quote}`).join(', ');
        expect(addressIn(header, wanted)).toBe(links.find(([rel]) => rel === wanted)?.[1]);
      }),
    );
  });

  it('of any text is read without an error', () => {
    fc.assert(fc.property(fc.string(), (text) => void addressIn(text, 'next')));
  });
});

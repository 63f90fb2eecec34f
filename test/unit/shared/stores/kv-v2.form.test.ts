import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '#shared/secret.ts';
import { formOf, formOfData } from '#shared/stores/kv-v2/form.ts';

const jsonOf = (text: string): unknown => {
  const form = formOf(new Secret(text));
  return form.fits ? JSON.parse(form.json.reveal()) : form.misfit;
};

describe('the form of a value in KV', () => {
  it.each([
    ['plain', { value: 'plain' }],
    ['{"a":"1"', { value: '{"a":"1"' }],
    ['[1]', { value: '[1]' }],
    ['"{}"', { value: '"{}"' }],
    ['{}', {}],
    [' {"b":{"d":1,"c":[true,null]},"a":"x"}\n', { a: 'x', b: { c: [true, null], d: 1 } }],
    ['{"n":[1.50,1e3,-0.1,9007199254740991,0.000]}', { n: [1.5, 1000, -0.1, 9_007_199_254_740_991, 0] }],
  ])('of %j is %j', (text, map) => expect(jsonOf(text)).toEqual(map));

  it.each([
    ['{"n":12345678901234567890}', 'inexact-number'],
    ['{"n":0.1234567890123456789}', 'inexact-number'],
    ['{"n":1e-400}', 'inexact-number'],
    [`{"a":${'['.repeat(500)}${']'.repeat(500)}}`, 'too-deep'],
    ['\ud800', 'not-unicode'],
    [String.raw`{"p":"x\ud800"}`, 'not-unicode'],
    [String.raw`{"\ud800":[1]}`, 'not-unicode'],
    ['', 'empty'],
  ])('does not exist for %j', (text, misfit) => expect(jsonOf(text)).toBe(misfit));

  it('does not exist for bytes', () =>
    expect(formOf(new Secret(new Uint8Array([1])))).toEqual({ fits: false, misfit: 'bytes' }));

  it('keeps every JSON object, whatever its keys and their order, and equals what a server answers', () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'grapheme' }));
    fc.assert(
      fc.property(objects, fc.boolean(), (object, reverse) => {
        const entries = Object.entries(object);
        const shuffled = Object.fromEntries(reverse ? entries.toReversed() : entries);
        const form = formOf(new Secret(JSON.stringify(shuffled, null, 1)));
        if (!form.fits) return expect(form.misfit).toBe('inexact-number');
        // The server sorts the keys and writes no white space.
        const answered = formOfData(JSON.parse(form.json.reveal()));
        expect(answered?.equals(form.json)).toBe(true);
        expect(JSON.parse(form.json.reveal())).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it('is the same for two texts only if both hold the same', () => {
    const texts = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const [a, b] = [one, other].map((text) => formOf(new Secret(text)));
        if (a?.fits !== true || b?.fits !== true || !a.json.equals(b.json)) return;
        if (one !== other) expect(JSON.parse(one)).toEqual(JSON.parse(other));
      }),
    );
  });

  it.each([null, undefined, 'text', [1]])('is undefined for the answer %j', (data) =>
    expect(formOfData(data)).toBeUndefined(),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fit } from '#shared/json-shape.ts';

const CANARY = 'canary-0a77-not-a-real-secret';

const misfitOf = (schema: z.ZodType, value: unknown): string | undefined => {
  const fitted = fit(schema, value);
  return fitted.fits ? undefined : fitted.misfit;
};

/** One field for each kind of mismatch. */
const FIELDS = {
  text: z.string().min(1).max(4),
  number: z.number().positive().lt(10),
  whole: z.int().min(3).max(9),
  flag: z.boolean(),
  list: z
    .array(z.object({ name: z.string() }))
    .min(1)
    .max(2),
  map: z.record(z.string().regex(/^[a-z]+$/), z.int()),
  word: z.enum(['open', 'closed']),
  fixed: z.literal(3),
  time: z.iso.datetime(),
  either: z.union([z.string(), z.object({ until: z.string(), from: z.string() })]),
  kind: z.discriminatedUnion('type', [z.object({ type: z.literal('a') }), z.object({ type: z.literal('b') })]),
  closed: z.strictObject({}),
  even: z.int().multipleOf(2),
  judged: z.string().refine(() => false),
  explained: z.string().refine(() => false, 'is not the name of a day'),
  never: z.never(),
  pair: z.tuple([z.string(), z.string()]),
};

describe('a mismatch', () => {
  it.each<[keyof typeof FIELDS, unknown, string]>([
    ['text', undefined, 'a JSON string is missing'],
    ['text', null, 'expected a JSON string, found null'],
    ['text', 7, 'expected a JSON string, found a JSON number'],
    ['text', '', 'expected at least 1 character'],
    ['text', CANARY, 'expected at most 4 characters'],
    ['number', CANARY, 'expected a JSON number, found a JSON string'],
    ['number', Number.NaN, 'expected a JSON number, found another value'],
    ['number', 0, 'expected more than 0'],
    ['number', 10, 'expected less than 10'],
    ['whole', 3.5, 'expected a whole number, found a JSON number'],
    ['whole', 2, 'expected at least 3'],
    ['whole', 10, 'expected at most 9'],
    ['flag', 'true', 'expected true or false, found a JSON string'],
    ['list', {}, 'expected a JSON array, found a JSON object'],
    ['list', [], 'expected at least 1 entry'],
    ['map', { [CANARY]: 1 }, 'expected another value'],
    ['word', CANARY, 'expected "open" or "closed", found another value'],
    ['word', undefined, '"open" or "closed" is missing'],
    ['fixed', 4, 'expected 3, found another value'],
    ['time', CANARY, 'expected text in another format'],
    ['either', 7, 'expected a known variant'],
    ['kind', { type: CANARY }, 'expected a known variant'],
    ['closed', { [CANARY]: CANARY }, 'found unknown fields'],
    ['even', 3, 'expected another value'],
    ['judged', CANARY, 'expected another value'],
    ['explained', CANARY, 'is not the name of a day'],
    ['never', CANARY, 'expected another type, found a JSON string'],
    ['pair', [CANARY], 'expected at least 2 entries'],
  ])('in a field %s is described in words, and %j does not appear', (field, value, words) => {
    const misfit = misfitOf(z.object({ [field]: FIELDS[field] }), { [field]: value });
    expect(misfit?.startsWith(words)).toBe(true);
    expect(misfit).toMatch(/ at "[\w.]+(?:canary[\w-]+)?"$/);
    expect(misfit?.replace(`at "map.${CANARY}"`, '')).not.toContain(CANARY);
  });

  it('is located by its path, at any depth', () => {
    const rows = z.object({ rows: z.array(z.object({ SystemName: z.string() })) });
    expect(misfitOf(rows, { rows: [{ SystemName: 'a' }, {}, { SystemName: null }] })).toBe(
      'a JSON string is missing at "rows.1.SystemName"',
    );
    expect(misfitOf(z.object({ either: FIELDS.either }), { either: { until: 'x', from: 7 } })).toBe(
      'expected a JSON string, found a JSON number at "either.from"',
    );
    expect(misfitOf(z.string(), {})).toBe('expected a JSON string, found a JSON object');
  });

  it('contains no line break from the name of a field', () => {
    expect(misfitOf(z.record(z.string(), z.int()), { 'a\nb"': 'x' })).toBe(
      'expected a JSON number, found a JSON string at "a\\nb\\""',
    );
  });

  it('contains neither the wording of a validator nor its value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(FIELDS)), fc.jsonValue({ maxDepth: 2 }), (schema, value) => {
        const misfit = misfitOf(schema, value) ?? '';
        expect(misfit).not.toMatch(/invalid|_|zod|received|undefined|NaN|match/i);
      }),
    );
  });
});

describe('a matching value', () => {
  it('is returned parsed', () => {
    expect(fit(z.object({ at: z.string().transform(Number) }), { at: '7', more: 1 })).toEqual({
      fits: true,
      data: { at: 7 },
    });
  });

  it('may be undefined', () => {
    expect(fit(z.undefined(), undefined)).toEqual({ fits: true, data: undefined });
  });
});

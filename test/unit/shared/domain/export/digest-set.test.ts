import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DigestSet } from '#shared/domain/export/digest-set.ts';
import { readLine, rowOf } from '#shared/domain/export/rows.ts';

const digest = fc
  .uint8Array({ minLength: 16, maxLength: 16, max: 2 })
  .filter((bytes) => bytes.some((byte) => byte !== 0));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a set of digests', () => {
  it('has what was added, also after it was written and read', () => {
    fc.assert(
      fc.property(fc.array(digest, { maxLength: 200 }), fc.array(digest), (added, others) => {
        const set = new DigestSet();
        const known = new Set<string>();
        for (const bytes of added) {
          expect(set.add(bytes)).toBe(!known.has(textOf(bytes)));
          known.add(textOf(bytes));
        }
        const read = DigestSet.fromText(set.toText());
        expect([set.size, read.size]).toEqual([known.size, known.size]);
        for (const bytes of [...added, ...others]) {
          expect([set.has(bytes), read.has(bytes)]).toEqual([known.has(textOf(bytes)), known.has(textOf(bytes))]);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a row', () => {
  const content = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
  const date = '2026-11-29T07:08:09.1234567Z';

  it('has one line, whose digest is that of the event, whatever the order of its keys', () => {
    fc.assert(
      fc.property(content, (event) => {
        const row = rowOf({ date, content: event });
        const reversed = Object.fromEntries(Object.entries(event).toReversed());
        expect(row.line).not.toContain('\n');
        expect(textOf(readLine(row.line, row.place, date)?.digest ?? new Uint8Array())).toBe(textOf(row.digest));
        expect(textOf(rowOf({ date, content: reversed }).digest)).toBe(textOf(row.digest));
        expect(row).toMatchObject({ place: '2026-11-29/07' });
      }),
    );
  });

  it('differs from that of another date', () => {
    const other = rowOf({ date: '2026-11-29T07:08:09.1234568Z', content: {} });
    expect(textOf(other.digest)).not.toBe(textOf(rowOf({ date, content: {} }).digest));
  });
});

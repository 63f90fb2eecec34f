import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { listBelow, scanBelow } from '#local/simulators/openbao/folders.ts';
import type { Reply } from '#local/simulators/openbao/replies.ts';

const keysIn = ({ body }: Reply): readonly string[] =>
  z.object({ data: z.object({ keys: z.array(z.string()).default([]) }) }).safeParse(body).data?.data.keys ?? [];

const part = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '-'), minLength: 1, maxLength: 2 });
const paths = fc.uniqueArray(fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')));

/** The secrets below a folder, found by lists alone. */
const walk = (all: readonly string[], folder: string): string[] =>
  keysIn(listBelow(all, folder, new URLSearchParams())).flatMap((key) =>
    key.endsWith('/') ? walk(all, `${folder}${key}`).map((rest) => `${key}${rest}`) : [key],
  );

describe('lists and scans', () => {
  it('find every secret once', () => {
    fc.assert(
      fc.property(paths, (all) => {
        expect(keysIn(scanBelow(all, '')).toSorted()).toEqual(all.toSorted());
        expect(walk(all, '').toSorted()).toEqual(all.toSorted());
      }),
    );
  });

  it('have the same names in pages of any size', () => {
    fc.assert(
      fc.property(paths, fc.integer({ min: 1, max: 3 }), (all, limit) => {
        const whole = keysIn(listBelow(all, '', new URLSearchParams()));
        const paged: string[] = [];
        for (;;) {
          const query = new URLSearchParams({ after: paged.at(-1) ?? '', limit: String(limit) });
          const page = keysIn(listBelow(all, '', query));
          if (page.length === 0) break;
          paged.push(...page);
        }
        expect(paged).toEqual(whole);
      }),
    );
  });
});

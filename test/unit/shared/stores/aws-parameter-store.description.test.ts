import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markDescription, readStamp } from '#shared/stores/aws-parameter-store/description.ts';
import { stamp } from './aws-parameter-store.scene.ts';

const stamps = fc.stringMatching(/^[0-9a-f]{64}$/);
const versions = fc.integer({ min: 1, max: 1_000_000 });
/** Any texts, long ones, and texts that look like a mark. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 1200 }),
  fc.tuple(fc.string(), stamps, versions).map(([text, other, version]) => markDescription(text, other, version)),
);

describe('a description', () => {
  test('has room in AWS, and returns the stamp for its own version only', () => {
    fc.assert(
      fc.property(texts, stamps, versions, versions, (text, mark, version, other) => {
        const description = markDescription(text, mark, version);
        expect(description.length).toBeLessThanOrEqual(1024);
        expect(description.isWellFormed()).toBe(true);
        expect(readStamp(description, version)).toBe(mark);
        expect(readStamp(description, other)).toBe(other === version ? mark : undefined);
      }),
      { numRuns: 300 },
    );
  });

  test('shows its text first', () => {
    expect(markDescription('svc on web01', stamp(7), 3)).toBe(`svc on web01 [pam-relay ${stamp(7)} version 3]`);
    expect(markDescription('', stamp(7), 3)).toBe(`[pam-relay ${stamp(7)} version 3]`);
  });

  const marked = `[pam-relay ${stamp(7)} version 3]`;
  test.each([
    undefined,
    '',
    'a password',
    `${marked} and more`,
    `${marked}\n`,
    `x${marked}`,
    marked.replace('3', '03'),
    marked.replace('3', '3.0'),
    marked.replace('3', '-3'),
    marked.replace('0', 'A'),
    marked.replace('0', ''),
    marked.replace('pam-relay', 'pam-relay '),
  ])('of another writer has no stamp: %j', (description) => {
    expect(readStamp(description, 3)).toBeUndefined();
  });
});

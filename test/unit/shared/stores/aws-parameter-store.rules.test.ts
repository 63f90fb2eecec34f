import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readName } from '#shared/domain/name-reading.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { awsParameterStoreRules } from '#shared/stores/aws-parameter-store/rules.ts';

const { name: rules } = awsParameterStoreRules;
const TAKEN_BY_AWS = /^(\/[A-Za-z0-9_.-]+){3}$/;
/** Any texts, and texts of the characters of the escapes. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...'_25FAf-/é'), maxLength: 12 }),
);
const naming = { template: 'prod/{one}/{other}', labels: { one: {}, other: {} }, rules };
const nameOf = createNaming(naming);
const name = (one: string, other: string): string => nameOf({ labels: { one, other }, title: 'an item' });

describe('a name', () => {
  test('is always one that Parameter Store accepts', () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(name(one, other)).toMatch(TAKEN_BY_AWS);
      }),
      { numRuns: 300 },
    );
  });

  test('reads back as the texts that it was made of, and so is never the same for different texts', () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(readName(naming, name(one, other)).map(({ labels }) => labels)).toEqual([{ one, other }]);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['svc_backup', 'svc_backup'],
    ['SVC_DB01', 'SVC_5FDB01'],
    ['x_20', 'x_5F20'],
    ['x ', 'x_20'],
    ['x_2 ', 'x_2_20'],
    ['_', '_5F'],
    ['', '_'],
    ['__', '__'],
    ['CORP\\svc', 'CORP_5Csvc'],
    ['é', '_C3_A9'],
  ])('made of %j ends in %s', (text, expected) => expect(name('web', text)).toBe(`/prod/web/${expected}`));

  test('of more than 15 levels is refused with the fix', () => {
    const folders = createNaming({ template: 'prod/{path}', labels: { path: { path: true } }, rules });
    const of = (levels: number) => folders({ labels: { path: `${'x/'.repeat(levels - 2)}y` }, title: 'deep' });
    expect(of(15).split('/')).toHaveLength(16);
    expect(() => of(16)).toThrow(
      'The secret name for deep would have 16 levels; Parameter Store allows 15. Use fewer folders in the name template.',
    );
  });
});

describe('the text of a template', () => {
  test('may contain the characters that the message lists, and no others', () => {
    const allowed = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(rules.allowed.test);
    expect(allowed.join('')).toBe('-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
    expect(rules.allowed.words).toBe('letters, digits and /_.-');
  });

  test.each(['/prod/', 'aws/', 'AWSome/', 'ssm-keys/'])('must not begin like %s', (text) => {
    expect(rules.badBeginning(text)).toMatch(/^begins with .*(remove it|use another folder)/);
  });

  test.each(['prod/', 'my-aws/', 'aw/s'])('may begin like %s', (text) => {
    expect(rules.badBeginning(text)).toBeUndefined();
  });
});

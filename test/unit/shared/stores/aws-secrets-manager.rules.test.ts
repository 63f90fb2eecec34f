import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNaming } from '#shared/domain/naming.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';

const { name: rules } = awsSecretsManagerRules;
const TAKEN_BY_AWS = /^[A-Za-z0-9/_+=.@-]{1,512}$/;
/** Any texts, and texts of special characters: ARN suffixes, and the characters of the quoting. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...'a2D=-_/é'), maxLength: 12 }),
);
const nameOf = createNaming({ template: 'prod/{one}/{other}', labels: { one: {}, other: {} }, rules });
const name = (one: string, other: string): string => nameOf({ labels: { one, other }, title: 'an item' });

describe('a name', () => {
  test('is always one that Secrets Manager accepts, and never ends like an ARN', () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(name(one, other)).toMatch(TAKEN_BY_AWS);
        expect(name(one, other)).not.toMatch(/-[A-Za-z0-9]{6}$/);
      }),
      { numRuns: 500 },
    );
  });

  test('is never the same for different texts', () => {
    fc.assert(
      fc.property(texts, texts, texts, texts, (one, other, another, yetAnother) => {
        const isSame = one === another && other === yetAnother;
        expect(name(one, other) === name(another, yetAnother)).toBe(isSame);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['svc-backup', 'prod/web/svc=2Dbackup'],
    ['svc-mail', 'prod/web/svc-mail'],
    ['svc-backups', 'prod/web/svc-backups'],
  ])('that ends in %s becomes %s', (other, expected) => expect(name('web', other)).toBe(expected));
});

describe('the text of a template', () => {
  test('may contain the characters that the message lists, and no others', () => {
    const allowed = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(rules.allowed.test);
    expect(allowed.join('')).toBe('+-./0123456789=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
    expect(rules.allowed.words).toBe('letters, digits and /_+=.@-');
  });

  test('has an invalid end only if it ends in a hyphen and six characters', () => {
    expect(rules.badEnding('/svc-backup')).toMatch(/ARN/);
    for (const text of ['/svc-mail', '/svc-backups', '/svc-back_p', '-', ''])
      expect(rules.badEnding(text)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generationOf, revisionOf, versionIdOf } from '#shared/domain/generation.ts';
import { anAccount } from '#test/support/accounts.ts';

describe('a generation', () => {
  const base = generationOf('vault', anAccount(), 'v1');

  it.each([
    ['the date of the change', generationOf('vault', anAccount({ changedAt: '2026-01-02T03:04:06.000Z' }), 'v1')],
    ['a date that is missing', generationOf('vault', anAccount({ changedAt: undefined }), 'v1')],
    ['the account', generationOf('vault', anAccount({ accountId: 11 }), 'v1')],
    ['the system', generationOf('vault', anAccount({ systemId: 2 }), 'v1')],
    ['the vault', generationOf('other', anAccount(), 'v1')],
    ['what is written around the credential', generationOf('vault', anAccount(), 'v2')],
  ])('is another one when %s differs', (_what, other) => expect(other).not.toBe(base));

  it('does not depend on whether the vault is changing the credential', () => {
    expect(generationOf('vault', anAccount({ changing: true }), 'v1')).toBe(base);
  });

  it('makes version ids that Secrets Manager takes as a request token, each told apart', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(15), (rendering, revision) => {
        const generation = generationOf('vault', anAccount(), rendering);
        const versionId = versionIdOf(generation, revision);
        expect(versionId).toMatch(/^[0-9a-f]{64}$/);
        expect(revisionOf(generation, versionId)).toBe(revision);
        expect(revisionOf(base, versionId)).toBe(rendering === 'v1' ? revision : undefined);
      }),
    );
  });

  it('knows nothing of a secret that has no current version', () => {
    expect(revisionOf(base, undefined)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRendering } from '#shared/domain/rendering.ts';
import { Secret } from '#shared/secret.ts';
import { anAccount, anyAccount } from '#test/support/accounts.ts';

const rendering = createRendering({
  username: '{accountName}',
  password: '{credential}',
  host: 'tcp://{systemName}:{systemId}',
});

describe('a rendered value', () => {
  it('is a JSON object that gives back every credential and name, whatever is in them', () => {
    fc.assert(
      fc.property(anyAccount, fc.string({ unit: 'binary' }), (account, credential) => {
        const value = rendering.render(account, { secret: new Secret(credential) });
        expect(JSON.parse(String(value.reveal()))).toEqual({
          username: account.accountName,
          password: credential,
          host: `tcp://${account.systemName}:${account.systemId}`,
        });
      }),
    );
  });

  it('is the text itself when the template is one', () => {
    const value = createRendering('{accountName}:{credential}').render(anAccount(), {
      secret: new Secret('{accountName}"\n'),
    });
    expect(value.reveal()).toBe('sa:{accountName}"\n');
  });

  it('has a fingerprint that tells everything but the credential', () => {
    const other = createRendering({ username: '{accountName}', password: '{credential}' });
    expect(rendering.fingerprint(anAccount())).toBe(rendering.fingerprint(anAccount({ changedAt: undefined })));
    expect(rendering.fingerprint(anAccount())).not.toBe(rendering.fingerprint(anAccount({ systemName: 'db-02' })));
    expect(rendering.fingerprint(anAccount())).not.toBe(other.fingerprint(anAccount()));
  });
});

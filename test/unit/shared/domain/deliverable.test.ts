import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  credentialIdentity,
  type Deliverable,
  deliverableKey,
  describeDeliverable,
  isChanging,
  textsOf,
} from '#shared/domain/deliverable.ts';
import { generationOf } from '#shared/domain/generation.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { isAliasSelected, isSafeSecretSelected } from '#shared/domain/selection.ts';
import { Secret } from '#shared/secret.ts';
import { anAccount, anAlias } from '#test/support/accounts.ts';
import { aSafeSecret } from '#test/support/fake-safe.ts';

const ALL: readonly Deliverable[] = [anAccount(), anAlias(), aSafeSecret()];

describe('what can be delivered', () => {
  it('is known by a key and an identity that no other kind has', () => {
    expect(ALL.map(deliverableKey)).toEqual(['1:10', 'alias:7', 'secret:s1']);
    expect(new Set(ALL.map((subject) => JSON.stringify(credentialIdentity(subject)))).size).toBe(ALL.length);
    expect(new Set(ALL.map((subject) => generationOf('vault', subject, 'v1'))).size).toBe(ALL.length);
  });

  it('is described as people name it', () => {
    expect(ALL.map(describeDeliverable)).toEqual(['db-01/sa', 'payments (db-01/sa)', 'Team/Apps/api']);
  });

  it('changes in the vault by itself, unless people keep it in Secrets Safe', () => {
    expect([anAccount({ changing: true }), anAlias({ changing: true }), aSafeSecret()].map(isChanging)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('says in templates what it is, and nothing that it is not', () => {
    expect(textsOf(anAlias())).toMatchObject({ aliasName: 'payments', accountName: 'sa', systemId: '1' });
    expect(textsOf(anAccount())).not.toHaveProperty('aliasName');
    expect(textsOf(aSafeSecret())).toEqual({ folderPath: 'Team/Apps', title: 'api', username: 'svc' });
  });
});

describe('an alias', () => {
  it('that points at another account is another generation under the same key', () => {
    const [before, after] = [anAlias(), anAlias({ accountId: 11 })];
    expect(deliverableKey(after)).toBe(deliverableKey(before));
    expect(generationOf('vault', after, 'v1')).not.toBe(generationOf('vault', before, 'v1'));
  });

  it('is selected by its own name and by the account that it points at', () => {
    const selection = { aliases: ['pay*'], systems: ['db-*'], accounts: [], domains: [] };
    expect(isAliasSelected(selection, anAlias())).toBe(true);
    expect(isAliasSelected(selection, anAlias({ aliasName: 'reports' }))).toBe(false);
    expect(isAliasSelected(selection, anAlias({ systemName: 'web-01' }))).toBe(false);
  });
});

describe('a secret of Secrets Safe', () => {
  it('is selected by folder, title and type', () => {
    const selection = { folders: ['Team/*'], titles: ['!draft*'], types: ['credential' as const] };
    expect(isSafeSecretSelected(selection, aSafeSecret())).toBe(true);
    expect(isSafeSecretSelected(selection, aSafeSecret({ folderPath: 'Other/Apps' }))).toBe(false);
    expect(isSafeSecretSelected(selection, aSafeSecret({ title: 'Draft of it' }))).toBe(false);
    expect(isSafeSecretSelected(selection, aSafeSecret({ type: 'text' }))).toBe(false);
    expect(isSafeSecretSelected({ folders: [], titles: [], types: [] }, aSafeSecret({ type: 'file' }))).toBe(true);
  });

  it('keeps its folders in its name, and everything else out of the way of names', () => {
    const nameOf = createNaming('safe/{folderPath}/{title}');
    expect(nameOf(aSafeSecret())).toBe('safe/Team/Apps/api');
    expect(nameOf(aSafeSecret({ folderPath: 'Team A//b', title: 'c/d' }))).toBe('safe/Team=20A/_/b/c=2Fd');
  });

  it('has a name that no other folder or title has', () => {
    const nameOf = createNaming('safe/{folderPath}/{title}');
    const text = fc.string({ unit: fc.constantFrom('a', '/', '_', '=', ' ', 'é'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, text, text, (folderPath, title, otherPath, otherTitle) => {
        const one = nameOf(aSafeSecret({ folderPath, title }));
        const other = nameOf(aSafeSecret({ folderPath: otherPath, title: otherTitle }));
        expect(one === other).toBe(folderPath === otherPath && title === otherTitle);
      }),
    );
  });

  const rendering = createRendering({ user: '{username}', password: '{credential}' });

  it('is written by the template when it is a credential, and as it is when it is a text or a file', () => {
    const secret = new Secret('{credential} "as it is"\r\n');
    expect(rendering.render(aSafeSecret(), { secret }).reveal()).toBe(
      JSON.stringify({ user: 'svc', password: secret.reveal() }),
    );
    expect(rendering.render(aSafeSecret({ type: 'text' }), { secret }).reveal()).toBe(secret.reveal());
    const file = new Secret(Uint8Array.of(0, 255, 34));
    expect(rendering.render(aSafeSecret({ type: 'file' }), { file }).reveal()).toEqual(Uint8Array.of(0, 255, 34));
  });

  it('is written anew for another template only where the template matters', () => {
    const other = createRendering('{credential}');
    const isSame = (type: 'credential' | 'text' | 'file') =>
      rendering.fingerprint(aSafeSecret({ type })) === other.fingerprint(aSafeSecret({ type }));
    expect([isSame('credential'), isSame('text'), isSame('file')]).toEqual([false, true, true]);
  });
});

describe('a key', () => {
  it('is written with its passphrase, which is empty when there is none', () => {
    const { render } = createRendering('{credential}|{passphrase}', { kind: 'dsskey' });
    const secret = new Secret('key');
    expect(render(anAccount(), { secret, passphrase: new Secret('{credential}') }).reveal()).toBe('key|{credential}');
    expect(render(anAccount(), { secret }).reveal()).toBe('key|');
  });

  it('is another value than the password that the same template would hold', () => {
    const password = createRendering('{credential}').fingerprint(anAccount());
    expect(createRendering('{credential}', { kind: 'dsskey' }).fingerprint(anAccount())).not.toBe(password);
    expect(createRendering('{credential}', { kind: 'password' }).fingerprint(anAccount())).toBe(password);
  });
});

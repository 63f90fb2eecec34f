import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRendering } from '#shared/domain/rendering.ts';
import { Secret } from '#shared/secret.ts';
import { aFiledItem, anItem, anyItem } from '#test/unit/shared/domain/items.ts';

const rendering = createRendering({
  username: '{accountName}',
  password: '{credential}',
  host: 'tcp://{systemName}:{systemId}',
});

describe('a rendered value', () => {
  it('is a JSON object that preserves every credential and name, whatever they contain', () => {
    fc.assert(
      fc.property(anyItem, fc.string({ unit: 'binary' }), (item, credential) => {
        const value = rendering.render(item, { secret: new Secret(credential) });
        expect(JSON.parse(String(value.reveal()))).toEqual({
          username: item.labels['accountName'],
          password: credential,
          host: `tcp://${item.labels['systemName']}:${item.labels['systemId']}`,
        });
      }),
    );
  });

  it('is plain text if the template is', () => {
    const value = createRendering('{accountName}:{credential}').render(anItem(), {
      secret: new Secret('{accountName}"\n'),
    });
    expect(value.reveal()).toBe('sa:{accountName}"\n');
  });

  it('contains the credential, the passphrase and the checkout, whatever labels an item has', () => {
    const labels = { credential: 'wrong', passphrase: 'wrong', checkoutId: 'wrong' };
    const { render } = createRendering('{credential}|{passphrase}|{checkoutId}', 'CHG1');
    expect(render(anItem({ labels }), { secret: new Secret('right') }).reveal()).toBe('right||CHG1');
  });

  it('contains empty text for a label that the item lacks', () => {
    const { render } = createRendering('{aliasName}{credential}{toString}');
    expect(render(anItem(), { secret: new Secret('right') }).reveal()).toBe('right');
  });

  it('has a fingerprint of everything but the credential', () => {
    const other = createRendering({ username: '{accountName}', password: '{credential}' });
    const renamed = anItem({ labels: { systemName: 'db-02' } });
    expect(rendering.fingerprint(anItem())).toBe(rendering.fingerprint(anItem({ changedAt: undefined })));
    expect(rendering.fingerprint(anItem())).not.toBe(rendering.fingerprint(renamed));
    expect(rendering.fingerprint(anItem())).not.toBe(other.fingerprint(anItem()));
  });
});

describe('an item that is delivered unchanged', () => {
  const written = createRendering({ user: '{username}', password: '{credential}' });

  it('is not rendered by the template, whether it is a text or a file', () => {
    const secret = new Secret('{credential} "as it is"\r\n');
    expect(written.render(aFiledItem(), { secret }).reveal()).toBe(
      JSON.stringify({ user: 'svc', password: secret.reveal() }),
    );
    expect(written.render(aFiledItem({ verbatim: true }), { secret }).reveal()).toBe(secret.reveal());
    const file = new Secret(Uint8Array.of(0, 255, 34));
    expect(written.render(aFiledItem({ verbatim: true }), { file }).reveal()).toEqual(Uint8Array.of(0, 255, 34));
  });

  it('is not written again because of another template', () => {
    const other = createRendering('{credential}');
    const isSame = (verbatim: boolean) =>
      written.fingerprint(aFiledItem({ verbatim })) === other.fingerprint(aFiledItem({ verbatim }));
    expect([isSame(false), isSame(true)]).toEqual([false, true]);
  });
});

describe('a key', () => {
  it('is written with its passphrase, or with empty text if it has none', () => {
    const { render } = createRendering('{credential}|{passphrase}');
    const secret = new Secret('key');
    expect(render(anItem(), { secret, passphrase: new Secret('{credential}') }).reveal()).toBe('key|{credential}');
    expect(render(anItem(), { secret }).reveal()).toBe('key|');
  });
});

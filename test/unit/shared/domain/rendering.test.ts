import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRendering } from '#shared/domain/rendering.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { writeText } from '#shared/domain/template.ts';
import { isList, type ValueNode } from '#shared/domain/value-template.ts';
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

/** Replaces every text of a value, at any depth. */
const mapTexts = (node: ValueNode, change: (text: string) => string): ValueNode => {
  if (typeof node === 'string') return change(node);
  if (typeof node !== 'object' || node === null) return node;
  return isList(node)
    ? node.map((inner) => mapTexts(inner, change))
    : Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, mapTexts(inner, change)]));
};

const { node: anyNode } = fc.letrec<{ node: ValueNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('node'), { maxKeys: 3 }),
  ),
}));

describe('a structured value', () => {
  it('keeps its structure, its keys and everything but texts, which are templates', () => {
    fc.assert(
      fc.property(fc.string(), anyNode, fc.string({ unit: 'binary' }), (key, node, credential) => {
        const { render } = createRendering({ [key]: mapTexts(node, (text) => `${writeText(text)}{credential}`) });
        const secret = new Secret(credential);
        const rendered = String(render(anItem(), { secret }).reveal());
        expect(JSON.parse(rendered)).toEqual({ [key]: mapTexts(node, (text) => text + credential) });
        expect(render(anItem(), { secret }).reveal()).toBe(rendered);
      }),
    );
  });

  it('has a fingerprint of all of it', () => {
    const of = (port: ValueNode) => createRendering({ a: [{ port }], b: '{credential}' }).fingerprint(anItem());
    const ports: ValueNode[] = [5432, '5432', 5433, true, 'true', null, [5432], {}];
    expect(new Set(ports.map(of)).size).toBe(ports.length);
  });
});

describe('the fingerprint of a value', () => {
  it.each([
    [
      { username: '{accountName}', password: '{credential}' },
      '76e24593b3e6bd73f04c3e45f3f5398daf2b4db4c567bc1a574d826251871cce',
    ],
    ['{credential}', '483e6bc829b8b95236765be96bd7ee892396ab2fc0c99b7c98a82228d3ada4f1'],
    ['{{{accountName}:{credential}}}', '50f8c141587eb25fa19624d89c97aa1059d5d44e580ec108cc38209a17b75ed3'],
  ])('keeps the stamp that stores hold for %j', (template, stamp) => {
    expect(stampOf('vault', anItem(), createRendering(template).fingerprint(anItem()))).toBe(stamp);
  });

  it('exists for a label that a filter cannot express, so that only the delivery of its item fails', () => {
    const item = anItem({ labels: { accountName: '\ud800' } });
    const other = anItem({ labels: { accountName: '\ufffd' } });
    const { fingerprint } = createRendering('{accountName:url}{credential:url}');
    expect(fingerprint(item)).not.toBe(fingerprint(other));
  });
});

describe('an invalid template', () => {
  it.each(['{credential', '{credential:ulr}', '{credential:}', '{credential:constructor}'])(
    'is refused before anything is rendered: %s',
    (template) => {
      for (const value of [template, { a: [template] }]) {
        expect(() => createRendering(value)).toThrow(expect.objectContaining({ name: 'ConfigurationInvalid' }));
      }
    },
  );
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

it('texts that come with a credential replace labels of the item, and leave the fingerprint as it is', () => {
  const { render, fingerprint } = createRendering({ user: '{userName:json}', password: '{credential}' });
  const item = { ...anItem(), labels: { userName: 'label' } };
  const content = { secret: new Secret('a'), texts: { userName: 'read "it"', credential: 'wrong' } };
  expect(JSON.parse(String(render(item, content).reveal()))).toEqual({ user: String.raw`read \"it\"`, password: 'a' });
  expect(fingerprint(item)).toBe(fingerprint({ ...item, labels: { ...item.labels } }));
  expect(fingerprint(item)).not.toContain('read');
});

describe('a key', () => {
  it('is written with its passphrase, or with empty text if it has none', () => {
    const { render } = createRendering('{credential}|{passphrase}');
    const secret = new Secret('key');
    expect(render(anItem(), { secret, passphrase: new Secret('{credential}') }).reveal()).toBe('key|{credential}');
    expect(render(anItem(), { secret }).reveal()).toBe('key|');
  });
});

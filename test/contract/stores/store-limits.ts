import fc from 'fast-check';
import { expect } from 'vitest';
import type { NameRules } from '#shared/domain/naming.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { CANARY, collect, refusalOf, type StoreScene, stamp, textOf } from './store-scene.ts';

/** Names that a vault accepts, and that a store can reject. */
const AWKWARD = [
  'web 01',
  'a/b',
  'a=2Fb',
  'a_b',
  '_',
  '',
  '.',
  '..',
  'über',
  '東京',
  '🔑',
  'x-abcdef',
  'SVC',
  'svc',
  "o'b",
  '*',
];

/** Any well-formed text. */
const anyText = fc
  .array(fc.nat(0x10ffff), { maxLength: 20 })
  .map((points) => String.fromCodePoint(...points).toWellFormed());

const same = (name: string): string => name;

/** Part of the store suite: limits of values and names. */
export const describeLimits = ({ rules, site, folder, nameOf, aSecret, group, check }: StoreScene): void => {
  group('a value', () => {
    /** Text of this many bytes, with two bytes per character as far as possible. */
    const text = (bytes: number) => 'é'.repeat(bytes / 2) + 'x'.repeat(bytes % 2);

    check('may be as large as the store says, in bytes', async () => {
      const { store, delivery, value } = aSecret();
      await store.deliver({ ...delivery(1, 'absent'), value: new Secret(text(rules.valueBytes)) });
      expect(await value()).toBe(text(rules.valueBytes));
    });

    check('that is larger is refused, and leaves what there is', async () => {
      const { store, delivery, deliver, value } = aSecret();
      await deliver(1, 'absent');
      const larger = { ...delivery(2, 1), value: new Secret(CANARY + text(rules.valueBytes + 1 - CANARY.length)) };
      expect(await refusalOf(store.deliver(larger))).toMatchObject({ name: 'ValueTooLarge', retryable: false });
      expect(await value()).toBe(textOf(1));
    });

    check('that is empty or no text is refused, and leaves what there is', async () => {
      const { store, name, delivery, deliver, value } = aSecret();
      const empty = ['', ...(rules.binary ? [new Uint8Array()] : [])];
      for (const content of [...empty, `${CANARY}\uD800`]) {
        const refused = { ...delivery(1, 'absent'), value: new Secret<SecretContent>(content) };
        expect(await refusalOf(store.deliver(refused))).toMatchObject({ name: 'ValueNotText', retryable: false });
      }
      expect(await store.inspect(name)).toEqual({ kind: 'absent' });
      await deliver(1, 'absent');
      const refused = store.deliver({ ...delivery(2, 1), value: new Secret<SecretContent>('') });
      expect(await refusalOf(refused)).toMatchObject({ name: 'ValueNotText' });
      expect(await value()).toBe(textOf(1));
    });

    check(
      `of bytes is ${rules.binary ? 'kept byte by byte, and is no text of the same letters' : 'refused'}`,
      async () => {
        const { name, store, delivery, deliver, value } = aSecret();
        const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
        await deliver(1, 'absent');
        const file = store.deliver({ ...delivery(2, 1), value: new Secret<SecretContent>(bytes) });
        if (!rules.binary) {
          expect(await refusalOf(file)).toMatchObject({ name: 'ValueNotText', retryable: false });
          expect(await value()).toBe(textOf(1));
          return;
        }
        await file;
        expect(await value()).toEqual(bytes);
        const fresh = aSecret();
        await fresh.store.deliver({ ...fresh.delivery(1, 'absent'), value: new Secret<SecretContent>(bytes) });
        expect(await fresh.value()).toEqual(bytes);
        expect(await store.holds(name, new Secret<SecretContent>(bytes))).toBe(rules.readable ? true : 'unknown');
        const letters = new Secret(Buffer.from(bytes).toString('latin1'));
        expect(await store.holds(name, letters)).toBe(rules.readable ? false : 'unknown');
      },
    );
  });

  group('a name', () => {
    check('is one of its own for every text that a vault may give, and is listed as it was given', async () => {
      const { owner, store, delivery } = aSecret();
      const given = AWKWARD.map((text) => nameOf({ labels: { name: text }, title: text }));
      expect(new Set(given).size).toBe(AWKWARD.length);
      for (const [index, name] of given.entries()) {
        const value = new Secret<SecretContent>(`${owner} ${index}`);
        await store.deliver({ ...delivery(index, 'absent'), name, value });
      }
      const stamps = new Map((await collect(store)).map(({ name, stamp: held }) => [name, held]));
      expect(stamps).toEqual(new Map(given.map((name, index) => [name, stamp(index)])));
      for (const [index, name] of given.entries()) expect(await site().valueOf(name)).toBe(`${owner} ${index}`);
    });

    check('is made of parts that differ if their texts do, and that can be read back', async () => {
      const { encodePart, finish = same, reading }: NameRules = rules.name;
      const nameWith = (text: string): string => finish(folder + encodePart(text));
      const texts = fc.oneof(anyText, fc.constantFrom(...AWKWARD));
      fc.assert(
        fc.property(texts, texts, (one, other) => {
          const part = encodePart(one);
          const isReadable =
            reading === undefined ||
            (reading.decodePart(part) === one && (reading.unfinish ?? same)(nameWith(one)) === folder + part);
          const isDistinct = (nameWith(one) === nameWith(other)) === (one === other);
          return part !== '' && !part.includes('/') && isReadable && isDistinct;
        }),
        { numRuns: 200 },
      );
    });

    check('may be as long as the store says', async () => {
      const { store, delivery } = aSecret();
      // The folder, and what the store adds to every name.
      const fixed = nameOf({ labels: { name: 'x' }, title: 'short' }).length - 1;
      const longest = nameOf({ labels: { name: 'x'.repeat(rules.name.maxLength - fixed) }, title: 'long' });
      expect(longest).toHaveLength(rules.name.maxLength);
      await store.deliver({ ...delivery(1, 'absent'), name: longest });
      expect(await collect(store)).toEqual([{ name: longest, stamp: stamp(1) }]);
    });
  });
};

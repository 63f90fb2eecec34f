import { describe, expect, it } from 'vitest';
import { type AddressRules, createIsAddressed } from '#shared/domain/addressing.ts';
import { type Item, isSameItem, itemKey, type Labels } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { anyReadable, failureOf, listAll, rulesOf, type VaultBench, writtenDown } from './vault-bench.ts';

/** Part of the vault suite: rules, lists and addresses. */

export const describeRules = (bench: VaultBench): void => {
  const { rule, start } = bench;
  const rules = rulesOf(bench);

  describe('the rules', () => {
    it('are the same before anything is connected, and after', async () => {
      const { vault } = await start();
      expect(JSON.stringify(vault.rules(rule))).toBe(JSON.stringify(rules));
    });

    it('state the access that a session then provides', async () => {
      const { vault } = await start();
      expect(await vault.session(async (session) => session.access(rule).kind)).toBe(rules.accessKind);
    });

    it('use no label that items do not have', async () => {
      const { vault } = await start();
      const spokenOf = new Set([
        ...Object.keys(rules.labels).filter((label) => rules.labels[label]?.ofRead !== true),
        ...Object.keys(rules.patterns),
        ...rules.needs.flatMap(({ oneOf }) => oneOf),
        ...(rules.address?.labels ?? []),
      ]);
      const { items } = await vault.session((session) => listAll(session, rule));
      for (const { labels } of items) {
        expect([...spokenOf].filter((label) => labels[label] === undefined)).toEqual([]);
      }
    });

    it('select everything that the site has', async () => {
      const { vault } = await start();
      const { items } = await vault.session((session) => listAll(session, rule));
      expect(items.every(({ labels }) => isSelected(rules.patterns, labels))).toBe(true);
    });
  });
};

export const describeLists = (bench: VaultBench): void => {
  const { rule, start } = bench;
  const { address } = rulesOf(bench);

  describe('a list', () => {
    it('has each item once, and is complete', async () => {
      const { vault, ids } = await start();
      const { items, complete } = await vault.session((session) => listAll(session, rule));
      expect(items.map(({ ref }) => ref.id).toSorted()).toEqual([...ids()].toSorted());
      expect(new Set(items.map(({ ref }) => itemKey(ref))).size).toBe(items.length);
      expect(complete).toBe(true);
    });

    it('is the same again while nothing changes', async () => {
      const { vault } = await start();
      await vault.session(async (session) => {
        expect(await listAll(session, rule)).toEqual(await listAll(session, rule));
      });
    });

    it('contains no credential, and survives serialization', async () => {
      const site = await start();
      const { items } = await site.vault.session((session) => listAll(session, rule));
      for (const item of items) {
        expect(JSON.parse(JSON.stringify(writtenDown(item)))).toEqual(JSON.parse(JSON.stringify(item)));
        for (const secret of site.secrets()) expect(JSON.stringify(item)).not.toContain(secret);
      }
    });

    it('shows which credential has changed, and no other', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const stamps = async () =>
          new Map(
            (await listAll(session, rule)).items.map((item) => [
              itemKey(item.ref),
              stampOf('vault', item, 'rendering'),
            ]),
          );
        const changed = await anyReadable(site, session, rule);
        const before = await stamps();
        site.change(changed);
        const after = await stamps();
        const different = [...after].filter(([key, stamp]) => before.get(key) !== stamp).map(([key]) => key);
        // A vault without dates shows no change; a verify run finds it.
        const { items } = await listAll(session, rule);
        const isDated = items.some((item) => isSameItem(item.ref, changed.ref) && item.changedAt !== undefined);
        expect(different).toEqual(isDated ? expect.arrayContaining([itemKey(changed.ref)]) : []);
        expect(different.length).toBeLessThan(after.size);
      });
    });

    if (address?.narrowing === undefined) return;
    const { label } = address.narrowing;
    it('that is narrowed to a label has all items with that label, and no others', async () => {
      const { vault } = await start();
      await vault.session(async (session) => {
        const { items } = await listAll(session, rule);
        const value = items[0]?.labels[label] ?? '';
        const narrowed = await listAll(session, rule, { [label]: value });
        expect(narrowed).toEqual({ items: items.filter(({ labels }) => labels[label] === value), complete: true });
        expect(narrowed.items.length).toBeLessThan(items.length);
      });
    });
  });
};

export const describeAddresses = ({ rule, start }: VaultBench, address: AddressRules): void => {
  const addressOf = ({ labels }: Item): Labels =>
    Object.fromEntries(address.labels.map((label) => [label, labels[label] ?? '']));

  describe('an address', () => {
    it('finds its item, matched by the rules', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        const found = await session.find(rule, addressOf(item));
        if (typeof found === 'string') throw new Error(`It found ${found}.`);
        expect(writtenDown(found)).toEqual(item);
        expect(createIsAddressed(address, [addressOf(item)])(found.labels)).toBe(true);
      });
    });

    it('finds the item also with all of its other labels', async () => {
      const { vault } = await start();
      await vault.session(async (session) => {
        for (const item of (await listAll(session, rule)).items) {
          expect(await session.find(rule, item.labels)).toMatchObject({ ref: item.ref });
        }
      });
    });

    it('without a matching item finds none', async () => {
      const { vault } = await start();
      await vault.session(async (session) => {
        const [item] = (await listAll(session, rule)).items;
        if (item === undefined) throw new Error('Nothing is listed.');
        for (const label of address.labels) {
          expect(await session.find(rule, { ...addressOf(item), [label]: 'no-item-has-this' })).toBe('none');
        }
      });
    });

    it('of several items finds several, if there can be several', async () => {
      const { vault, makeAmbiguous } = await start();
      if (makeAmbiguous === undefined) return;
      await vault.session(async (session) => expect(await session.find(rule, makeAmbiguous())).toBe('several'));
    });

    it('that cannot be looked up is an error, and nothing else', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        site.failCalls();
        await failureOf(site, session.find(rule, addressOf(item)));
      });
    });
  });
};

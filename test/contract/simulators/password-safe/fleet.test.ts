import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';

const sizes = fc.integer({ min: 0, max: 400 });
const seeds = fc.integer();

describe('a fleet', () => {
  test('has exactly the requested number of accounts, and is the same for the same seed', () => {
    fc.assert(
      fc.property(sizes, seeds, (accounts, seed) => {
        const fleet = createFleet({ accounts, seed });
        expect(fleet).toHaveLength(accounts);
        expect(createFleet({ accounts, seed })).toEqual(fleet);
      }),
      { numRuns: 30 },
    );
  });

  test('has at most thirteen awkward accounts, and never more than half', () => {
    fc.assert(
      fc.property(sizes, seeds, (accounts, seed) => {
        const awkward = createFleet({ accounts, seed }).filter((account) => account.kind !== 'plain');
        expect(awkward).toHaveLength(Math.min(12, Math.floor(accounts / 2)));
      }),
      { numRuns: 30 },
    );
  });

  test('has accounts with unique ids, names and canaries, which the credentials hold', () => {
    fc.assert(
      fc.property(sizes, seeds, (accounts, seed) => {
        const fleet = createFleet({ accounts, seed });
        const distinct = (key: (account: (typeof fleet)[number]) => unknown) => new Set(fleet.map(key)).size;
        expect(distinct((account) => account.accountId)).toBe(accounts);
        expect(distinct((account) => `${account.systemName}\n${account.accountName}`)).toBe(accounts);
        expect(distinct((account) => account.canary)).toBe(accounts);
        for (const { credential, canary } of fleet) {
          expect(canary).toMatch(CANARY_PATTERN);
          expect(credential).toContain(canary);
          expect(JSON.stringify(credential)).toContain(canary);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('has other credentials for another seed', () => {
    const [first, second] = [createFleet({ accounts: 50, seed: 1 }), createFleet({ accounts: 50, seed: 2 })];
    expect(first.filter(({ canary }, index) => canary === second[index]?.canary)).toEqual([]);
  });

  test('has one or more accounts of every kind if it is large enough', () => {
    const counts = new Map<string, number>();
    for (const { kind } of createFleet({ accounts: 24, seed: 1 })) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      plain: 12,
      approval: 1,
      'not-requestable': 1,
      changing: 1,
      rotating: 2,
      'odd-name': 3,
      'odd-credential': 4,
    });
  });

  test('keeps a system in one workgroup, of one type', () => {
    const systems = new Map<number, string>();
    for (const { systemId, systemName, workgroup, type } of createFleet({ accounts: 2000, seed: 1 })) {
      const about = [systemName, workgroup, type].join('\n');
      expect(systems.get(systemId) ?? about).toBe(about);
      systems.set(systemId, about);
    }
    expect(new Set([...systems.values()].map((about) => about.split('\n')[1])).size).toBe(4);
  });
});

import { describe, expect, it } from 'vitest';
import type { CredentialState, Rotated, Rotation } from '#shared/connections/rotation.ts';
import type { Item } from '#shared/domain/item.ts';
import { isSameItem, itemKey } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import {
  contentOf,
  failureOf,
  listReadable,
  type RotationSite,
  readBy,
  type VaultBench,
  type VaultSite,
  writtenDown,
} from './vault-bench.ts';

/** Part of the vault suite: changes of credentials. */

interface Scene {
  readonly site: VaultSite;
  readonly remote: RotationSite;
  readonly rotation: Rotation;
  /** Listed items. */
  readonly items: readonly Item[];
  /** The items themselves, for pairs their accounts, and for names the accounts that they do not point at. */
  readonly rotated: readonly Rotated[];
  /** The first of them. */
  readonly item: Rotated;
  /** Value that a reader of a listed item gets. */
  read(item: Item): Promise<unknown>;
}

const rotatedOf = async (rotation: Rotation, items: readonly Item[]): Promise<readonly Rotated[]> => {
  if (rotation.pair === undefined) return items.flatMap((item): readonly Rotated[] => item.members ?? [item]);
  const pairs = await Promise.all(items.map((item) => rotation.pair?.(item)));
  return pairs.flatMap((pair) => pair?.standby ?? []);
};

const stateIn = (state: CredentialState | RelayError | undefined): CredentialState => {
  if (state === undefined || state instanceof RelayError) throw state ?? new Error('There is no state.');
  return state;
};

/** A source whose credentials the vault does not change on request. */
export const describeWithoutRotation = ({ rule, start }: VaultBench): void => {
  it('offers no rotation', async () => {
    const { vault } = await start();
    await vault.session(async (session) => {
      expect(session.rotation?.(rule)).toBeUndefined();
    });
  });
};

export const describeRotation = ({ rule: anyRule, rotationRule: rule = anyRule, start }: VaultBench): void => {
  const inScene = async (work: (scene: Scene) => Promise<void>): Promise<void> => {
    const site = await start();
    await site.vault.session(async (session) => {
      const rotation = session.rotation?.(rule);
      const remote = site.rotation;
      if (rotation === undefined || remote === undefined) throw new Error('The vault changes no credentials.');
      const items = (await listReadable(site, session, rule)).map(writtenDown);
      const rotated = await rotatedOf(rotation, items);
      const [item] = rotated;
      if (item === undefined) throw new Error('The site lists nothing that can be changed.');
      const read = async (one: Item) => contentOf(await readBy(session.access(rule, [one]), one));
      await work({ site, remote, rotation, items, rotated, item, read });
    });
  };

  describe('a rotation', () => {
    it('changes the credential once, which its state shows', () =>
      inScene(async ({ rotation, remote, item }) => {
        const [before, value] = [await rotation.inspect(item), remote.valueOf(item)];
        expect([before.state, before.refusal]).toEqual([await rotation.state(item), undefined]);
        await rotation.change(item, { queue: false });
        if (remote.showsQueue === false) remote.settle();
        const after = await rotation.state(item);
        expect(after.changing).toBe(remote.showsQueue === false ? 'unknown' : false);
        expect(after).not.toEqual(before.state);
        expect([remote.changes(item), remote.valueOf(item) === value]).toEqual([1, false]);
      }));

    it('has an order, in which each item is once, after items of the question alone', () =>
      inScene(async ({ rotation, rotated, items, remote, item }) => {
        if (rotation.order === undefined) return;
        const isPair = items.some(({ members }) => members !== undefined);
        for (const some of isPair ? [[], items.slice(0, 1), items] : [[], rotated.slice(0, 1), rotated, items]) {
          const { placements, incomplete } = await rotation.order(some);
          expect([placements.map(({ ref }) => ref), incomplete]).toEqual([some.map(({ ref }) => ref), undefined]);
          const asked = new Set(some.map(({ ref }) => itemKey(ref)));
          for (const { ref, system, after } of placements) {
            expect(system).not.toBe('');
            expect(after.every((other) => asked.has(itemKey(other)) && !isSameItem(other, ref))).toBe(true);
          }
        }
        expect(remote.changes(item)).toBe(0);
      }));

    it('that the vault queues shows as changing, or as before, until it has happened', () =>
      inScene(async ({ rotation, remote, item }) => {
        const before = await rotation.state(item);
        await rotation.change(item, { queue: true });
        const queued = remote.showsQueue === false ? before : { ...before, changing: true };
        expect([await rotation.state(item), remote.changes(item)]).toEqual([queued, 0]);
        remote.settle();
        const after = await rotation.state(item);
        expect([after.changing, remote.changes(item)]).toEqual([remote.showsQueue === false ? 'unknown' : false, 1]);
        expect(after).not.toEqual(before);
      }));

    it('shows the states of many items in their order, as the states of each', () =>
      inScene(async ({ rotation, rotated, item }) => {
        await rotation.change(item, { queue: true });
        for (const some of [[], rotated.slice(0, 2), rotated.toReversed()]) {
          const states = await rotation.states(some);
          expect(states.map(([ref]) => ref)).toEqual(some.map(({ ref }) => ref));
          for (const [ref, state] of states) {
            const one = some.find((candidate) => isSameItem(candidate.ref, ref)) ?? item;
            expect(stateIn(state)).toEqual(await rotation.state(one));
          }
        }
      }));

    it('whose answer is lost may have happened, and is never repeated', () =>
      inScene(async ({ site, rotation, remote, item }) => {
        const before = await rotation.state(item);
        remote.loseAnswers();
        const failure = await failureOf(site, rotation.change(item, { queue: false }));
        if (remote.showsQueue === false) remote.settle();
        expect([failure.mayHaveHappened, remote.changes(item)]).toEqual([true, 1]);
        expect(await rotation.state(item)).not.toEqual(before);
      }));

    it('is tested by one log-on, whose lost answer is no result', () =>
      inScene(async ({ site, rotation, remote, item }) => {
        if (rotation.test === undefined) return;
        expect(await rotation.test(item)).toBe('passed');
        remote.refuseLogOn(item);
        expect(await rotation.test(item)).toBe('failed');
        remote.loseAnswers();
        const failure = await failureOf(site, rotation.test(item));
        expect([failure.mayHaveHappened, remote.logOns(item)]).toEqual([true, 3]);
      }));

    it('of an account that a name does not point at changes nothing for the readers of the name', () =>
      inScene(async ({ site, rotation, remote, items: [name], read }) => {
        if (rotation.pair === undefined || name === undefined) return;
        const { active, standby } = await rotation.pair(name);
        const [value, [other]] = [await read(name), standby];
        if (active === undefined || other === undefined) throw new Error('The name has no two accounts.');
        expect(remote.valueOf(active)).toBe(value);
        await rotation.change(other, { queue: false });
        expect([await read(name), remote.changes(active), remote.changes(other)]).toEqual([value, 0, 1]);
        expect((await failureOf(site, rotation.change(name, { queue: false }))).name).toBe('ContractViolated');
      }));

    it('is refused for items that the vault did not create', () =>
      inScene(async ({ site, rotation, remote, item }) => {
        const foreign = { ...item, ref: { ...item.ref, kind: 'foreign' }, handle: null };
        const calls = [
          () => rotation.change(foreign, { queue: false }),
          () => rotation.inspect(foreign),
          () => rotation.state(foreign),
          async () => {
            if (rotation.order === undefined) throw new RelayError('ContractViolated', 'It has no order.');
            return rotation.order([foreign]);
          },
          () => rotation.test?.(foreign) ?? Promise.reject(new RelayError('ContractViolated', 'It has no test.')),
        ];
        for (const call of calls) expect((await failureOf(site, call())).name).toBe('ContractViolated');
        expect(remote.changes(item)).toBe(0);
      }));

    it('fails with an error that contains no credential', () =>
      inScene(async ({ site, rotation, item }) => {
        site.failCalls();
        await failureOf(site, rotation.change(item, { queue: true }));
        for (const [, state] of await rotation.states([item])) expect(state).toBeInstanceOf(RelayError);
      }));
  });
};

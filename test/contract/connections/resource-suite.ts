import { describe, expect, test } from 'vitest';
import type { Found, Initial, ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { differencesIn } from '#shared/domain/blueprint/fields.ts';

/** Settings of a resource as in a blueprint, without `type`. */
type Settings = Readonly<Record<string, unknown>>;

/** A remote system for one test. Its work counts calls, and can lose the answer of one. */
export interface ResourceSite {
  readonly work: ResourceWork;
  /** Ids of the parents, which exist. */
  readonly refs: Wanted['refs'];
  /** Answers of calls that have an effect are lost from now on, or arrive again. */
  loseAnswers(isLost: boolean): void;
  /** Every text that the remote system, its audit and the client have produced, to search for credentials. */
  everythingVisible(): string;
}

/** One kind of resource, and what its suite needs. */
export interface ResourceBench {
  readonly name: string;
  readonly type: ResourceType;
  readonly settings: Settings;
  /** Credential for the creation, if the kind has one. */
  readonly initial?: Initial;
  /** For each changeable setting, another value. */
  readonly changes: Readonly<Record<string, unknown>>;
  /** For each setting whose change is refused, another value; undefined if it does not apply to the bench. */
  readonly fixed: Readonly<Record<string, unknown>>;
  open(): Promise<ResourceSite>;
}

const MARK = 'hosts 0123456789abcdef';
const OTHER_MARK = 'hosts fedcba9876543210';

/** Checks a kind of resource against the port, as far as its declaration promises. */
export const describeResource = (bench: ResourceBench): void => {
  const { type, settings, initial } = bench;
  const specOf = (changes: Settings = {}): unknown =>
    type.settings.parse({ type: bench.name, ...settings, ...changes });
  const start = async () => {
    const site = await bench.open();
    const wanted = (changes?: Settings): Wanted => ({ spec: specOf(changes), refs: site.refs });
    const find = async (changes?: Settings): Promise<Found> => {
      const found = await site.work.find(wanted(changes));
      if (found === undefined) throw new Error(`The ${bench.name} was not found.`);
      return found;
    };
    const create = (changes?: Settings) => site.work.create(wanted(changes), { mark: MARK, initial });
    const differences = async (changes?: Settings): Promise<string[]> =>
      differencesIn(await site.work.desired(wanted(changes)), (await find(changes)).fields).map(
        ({ setting }) => setting,
      );
    return { ...site, wanted, find, create, differences };
  };
  const mark = type.keepsMark ? MARK : undefined;

  describe(bench.name, () => {
    test('does not exist before it is created, and is then found with its id and mark, without a difference', async () => {
      const { work, wanted, create, find, differences } = await start();
      expect(await work.find(wanted())).toBeUndefined();
      const id = await create();
      expect(await find()).toMatchObject({ id, mark });
      expect(await differences()).toEqual([]);
    });

    const changes = Object.entries(bench.changes);
    test.runIf(changes.length > 0).each(changes)(
      'shows a difference in %s, and changes nothing else',
      async (setting, value) => {
        const { work, wanted, create, find, differences } = await start();
        await create();
        const change = { [setting]: value };
        const found = await find();
        expect(await differences(change)).toEqual([setting]);
        await work.change(wanted(change), found, [setting]);
        expect(await differences(change)).toEqual([]);
        const { [setting]: _, ...others } = (await find()).fields;
        const { [setting]: __, ...before } = found.fields;
        expect(others).toEqual(before);
        expect((await find()).mark).toBe(mark);
      },
    );

    const fixed = Object.entries(bench.fixed).filter(([, value]) => value !== undefined);
    test.runIf(fixed.length > 0).each(fixed)(
      'shows a difference in %s, whose change it refuses',
      async (setting, value) => {
        const { create, differences } = await start();
        await create();
        expect(await differences({ [setting]: value })).toEqual([setting]);
        expect(type.fixed[setting]).toMatch(/\w/);
      },
    );

    test('declares a reason for each setting whose change it refuses', () => {
      expect(Object.keys(bench.fixed).toSorted()).toEqual(Object.keys(type.fixed).toSorted());
    });

    test('is found after its creation even if the answer was lost, and only once', async () => {
      const { create, find, loseAnswers } = await start();
      loseAnswers(true);
      const created = create();
      // A call that sets a state is repeated by the client.
      if (type.keepsMark) await expect(created).rejects.toMatchObject({ mayHaveHappened: true });
      else await created;
      loseAnswers(false);
      expect(await find()).toMatchObject({ mark });
    });

    test.runIf(type.keepsMark)('is read by its id, until it is removed', async () => {
      const { work, create, find } = await start();
      const id = await create();
      const { fields: _, ...found } = await find();
      expect(await work.read?.(id)).toMatchObject(found);
      await work.remove(id);
      expect(await work.read?.(id)).toBeUndefined();
    });

    test.runIf(type.keepsMark && changes.length > 0)('keeps its mark through a change', async () => {
      const { work, wanted, create, find } = await start();
      await create();
      const [[setting = '', value] = []] = changes;
      const change = { [setting]: value };
      await work.change(wanted(change), { ...(await find()), mark: OTHER_MARK }, [setting]);
      // A change of an object whose description is fixed cannot touch the mark.
      expect((await find()).mark).toBe(Object.hasOwn(type.fixed, 'description') ? MARK : OTHER_MARK);
    });

    test('can be removed twice, and does not exist afterwards', async () => {
      const { work, wanted, create } = await start();
      const id = await create();
      for (const _ of [1, 2]) await (work.restore?.(wanted(), undefined) ?? work.remove(id));
      expect(await work.find(wanted())).toBeUndefined();
    });

    test.runIf(type.keepsMark)('can be marked and released without another change, or says why not', async () => {
      const { work, wanted, create, find } = await start();
      await create();
      const before = await find();
      try {
        await work.setMark?.(wanted(), before, undefined);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ChangeRefused' });
        return;
      }
      expect(await find()).toEqual({ ...before, mark: undefined });
      await work.setMark?.(wanted(), await find(), MARK);
      expect(await find()).toEqual(before);
    });

    test.runIf(initial !== undefined)('shows its first credential nowhere', async () => {
      const { create, find, everythingVisible } = await start();
      await create();
      const visible = everythingVisible() + JSON.stringify(await find());
      if (initial?.from === 'secret') expect(visible.includes(initial.value.reveal())).toBe(false);
    });
  });
};

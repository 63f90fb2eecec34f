import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { remainingMs } from '#shared/runtime/invocation.ts';
import { createStores } from '#shared/runtime/stores.ts';
import { Secret } from '#shared/secret.ts';
import type { StoreContext, StoreType } from '#shared/stores/store.ts';
import { fakeStore, memorySharedRecords } from '#test/support/fakes.ts';

const settings = z.strictObject({ type: z.literal('shelf'), board: z.string() });
const rules: StoreType['rules'] = {
  name: { store: 'the shelf', maxLength: 9, allowed: { words: 'all', test: () => true }, encodePart: (text) => text },
  valueBytes: 9,
  binary: false,
  readable: false,
  fence: 'none',
  recovery: 'none',
};

describe('the stores of a relay', () => {
  const connect = vi.fn((_settings: { board: string }, _context: StoreContext) => fakeStore().store);
  const shelf: StoreType<typeof settings> = { settings, rules, connect, grants: () => [] };
  const load = vi.fn(async (): Promise<StoreType> => shelf);
  const unused = vi.fn(async (): Promise<StoreType> => shelf);
  beforeEach(() => {
    vi.clearAllMocks();
  });
  const stores = () =>
    createStores({
      session: 'sdr',
      config: { stores: { left: { type: 'shelf', board: 'oak' }, odd: { type: 'drawer' } } },
      encryptionKey: 'the key of the stack',
      priority: 'fleet',
      limits: memorySharedRecords(),
      types: { shelf: load, unused },
    });
  const refusal = (message: string) => ({ name: 'ConfigurationInvalid', message: expect.stringContaining(message) });

  it('are connected with their settings, their owner and the key of the stack', async () => {
    await stores().storeOf('left', 'relay/databases');
    expect(connect).toHaveBeenCalledExactlyOnceWith(
      { type: 'shelf', board: 'oak' },
      {
        owner: 'relay/databases',
        session: 'sdr',
        encryptionKey: 'the key of the stack',
        pace: undefined,
        connect: expect.any(Function),
        tokens: { tokenFor: expect.any(Function) },
        remainingMs,
        onCall: expect.any(Function),
      },
    );
  });

  it('receive descriptions cut to one short line, and everything else unchanged', async () => {
    const inner = fakeStore();
    connect.mockReturnValueOnce(inner.store);
    const store = await stores().storeOf('left', 'relay/databases');
    const delivery = { name: 'n\n', value: new Secret('a\nb'), stamp: 's', expected: 'absent' } as const;
    await store.deliver({ ...delivery, description: 'db-01/sa\n\x1b[8m, delivered' });
    await store.deliver({ ...delivery, description: 'x'.repeat(2000) });
    expect(inner.deliveries).toMatchObject([
      { ...delivery, description: 'db-01/sa\\u{A}\\u{1B}[8m, delivered' },
      { description: `${'x'.repeat(999)}…` },
    ]);
    expect(store.adoption('x')).toBe('adopt x');
  });

  it('share the pace of their place, over all owners', async () => {
    const paced: StoreType<typeof settings> = {
      ...shelf,
      place: ({ board }) => `shelf of ${board}`,
      pacing: () => ({ perSecond: 3, create: 1, replace: 2 }),
    };
    load.mockResolvedValueOnce(paced).mockResolvedValueOnce(paced).mockResolvedValueOnce(paced);
    const { storeOf, pacingOf } = stores();
    await storeOf('left', 'relay/a');
    await storeOf('left', 'relay/b');
    const [one, other] = connect.mock.calls.map(([, { pace }]) => pace);
    expect(one).toBeDefined();
    expect(other).toBe(one);
    expect(await pacingOf('left')).toEqual({ id: 'shelf.shelf of oak', perSecond: 3, create: 1, replace: 2 });
  });

  it('load a type on its first use, and no other', async () => {
    const { storeOf } = stores();
    expect(load).not.toHaveBeenCalled();
    await storeOf('left', 'relay/databases');
    expect(load).toHaveBeenCalledOnce();
    expect(unused).not.toHaveBeenCalled();
  });

  it('are connected once for an owner, however often and whenever they are requested', async () => {
    const { storeOf } = stores();
    const [one, other] = await Promise.all([storeOf('left', 'relay/a'), storeOf('left', 'relay/a')]);
    expect(one).toBe(other);
    expect(await storeOf('left', 'relay/a')).toBe(one);
    expect(await storeOf('left', 'relay/b')).not.toBe(one);
    expect([connect.mock.calls.length, load.mock.calls.length]).toEqual([2, 2]);
  });

  it('return their rules without being connected', async () => {
    expect(await stores().rulesOf('left')).toBe(rules);
    expect(connect).not.toHaveBeenCalled();
  });

  it.each(['right', 'toString'])('refuse a name that is not in relay.yaml: %s', async (name) => {
    await expect(stores().storeOf(name, 'x')).rejects.toMatchObject(refusal(`no store ${name}`));
    await expect(stores().rulesOf(name)).rejects.toMatchObject(refusal(`no store ${name}`));
  });

  it('refuse a type that this version of the relay does not have', async () => {
    await expect(stores().storeOf('odd', 'x')).rejects.toMatchObject(refusal('no store type drawer'));
    await expect(stores().rulesOf('odd')).rejects.toMatchObject(refusal('no store type drawer'));
  });
});

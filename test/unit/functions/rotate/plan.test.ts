import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { CHECKOUT } from '#test/support/checkouts.ts';
import { itemNumbered } from '#test/support/items.ts';
import { beginProgress, recordPlan } from '../../../../functions/rotate/plan/record.ts';
import { accountsOf, aScene, RUN } from './scene.ts';

const BY_MESSAGE = { rule: RUN.rule, trigger: 'message' } as const;

describe('the plan of a rotation', () => {
  it('keeps the items of its first attempt, also if a later or a late one lists others', async () => {
    const scene = aScene();
    await scene.plan();
    const items = await scene.items();
    const late = { items: {}, pages: 1, relayUsers: [], estimateSeconds: 0, notes: [] };
    await recordPlan(scene.records, RUN, late, beginProgress({ items: [] }));
    expect(await scene.items()).toEqual(items);
    expect(await scene.statuses()).toEqual({ 1: 'waiting', 2: 'waiting', 3: 'waiting' });
  });

  it('records the selected items in waves, and asks the vault for nothing but its list', async () => {
    const scene = aScene({ canary: 1, size: 2 }, accountsOf(4));
    expect(await scene.plan()).toEqual({ status: 'planned', items: 4 });
    const waves = (await scene.progress())?.state.items.map(({ wave }) => wave);
    expect(waves).toEqual([0, 1, 1, 2]);
    expect(scene.calls).toEqual([]);
    // One session for the list, and one for the order.
    expect(scene.sessions()).toEqual(['signIn', 'signOut', 'signIn', 'signOut']);
  });

  it('records the targets of each item by the names of its syncs, except where it has no usable name', async () => {
    const items = [...accountsOf(1), itemNumbered(2, { labels: { systemName: 'x'.repeat(600) } })];
    const scene = aScene({}, items);
    await scene.plan();
    const planned = Object.values((await scene.items())?.items ?? {});
    expect(planned.map(({ syncs, targets }) => [syncs, targets])).toEqual([
      [['databases'], [{ sync: 'databases', store: 'aws', name: 'prod/db-1/a1' }]],
      [['databases'], []],
    ]);
  });

  it('keeps the record of an earlier attempt, from which items may have been started', async () => {
    const scene = aScene();
    await scene.plan();
    await scene.advance();
    const before = await scene.progress();
    const sessions = scene.sessions();
    expect(await scene.plan()).toEqual({ status: 'planned', items: 3 });
    expect(await scene.progress()).toEqual(before);
    expect(scene.sessions()).toEqual(sessions);
  });

  it('takes only the items that a message names', async () => {
    const scene = aScene();
    const order = { ...BY_MESSAGE, items: [{ systemName: 'DB-2', accountName: 'a2' }] };
    expect(await scene.plan({ order })).toEqual({ status: 'planned', items: 1 });
    expect(await scene.statuses()).toEqual({ 2: 'waiting' });
  });

  it('leaves out what no sync delivers, unless the rule includes it', async () => {
    const sync = { select: { systems: ['db-1'] } };
    const scene = aScene();
    expect(await scene.plan({}, sync)).toEqual({ status: 'planned', items: 1 });
    expect((await scene.items())?.notes).toEqual([expect.stringContaining('2 items were left out')]);
    expect(await aScene({ undelivered: true }).plan({}, sync)).toEqual({ status: 'planned', items: 3 });
  });

  it('reports a selection without matches', async () => {
    const scene = aScene({ select: { systems: ['none'] } });
    expect(await scene.plan()).toEqual({ status: 'planned', items: 0 });
    expect((await scene.items())?.notes).toEqual([expect.stringContaining('selects no item')]);
    expect(await scene.advance()).toMatchObject({ next: 'report', waitSeconds: 0 });
  });

  describe('by the order of the vault', () => {
    const PLACED = { system: 'one', after: [] };

    it('starts an account after those that it needs, and one of a system in each wave', async () => {
      const scene = aScene({ size: 5 });
      scene.placements
        .set('1', { ...PLACED, after: ['3'] })
        .set('2', PLACED)
        .set('3', { ...PLACED, system: 'two' });
      await scene.plan();
      const items = (await scene.progress())?.state.items ?? [];
      expect(items.map(({ id, wave, after }) => [id, wave, after])).toEqual([
        ['account:2', 0, []],
        ['account:3', 1, []],
        ['account:1', 2, ['account:3']],
      ]);
    });

    it('puts what changes together into one wave', async () => {
      const scene = aScene({ size: 5 });
      const unit = { ...PLACED, unit: 'set' };
      scene.placements.set('1', unit).set('3', { ...unit, system: 'two' });
      await scene.plan();
      const waves = (await scene.progress())?.state.items.map(({ id, wave }) => [id, wave]);
      expect(Object.fromEntries(waves ?? [])).toEqual({ 'account:2': 0, 'account:1': 1, 'account:3': 1 });
    });

    it('skips a refused account, which is no canary and no failure, and names its reason', async () => {
      const scene = aScene();
      scene.placements.set('1', {
        ...PLACED,
        refusal: new RelayError('ChangeRefused', 'It is the user of the relay.'),
      });
      await scene.plan();
      expect(await scene.statuses()).toEqual({ 1: 'skipped', 2: 'waiting', 3: 'waiting' });
      const refused = (await scene.progress())?.state.items.find(({ status }) => status === 'skipped');
      expect(refused?.reason).toBe('It is the user of the relay.');
      while ((await scene.advance()).next === 'wait');
      expect(await scene.statuses()).toEqual({ 1: 'skipped', 2: 'rotated', 3: 'rotated' });
      expect(scene.count('inspect')).toBe(2);
    });

    it('is refused if the vault does not show it all, unless the rule accepts that', async () => {
      const incomplete = new RelayError('PermissionMissing', 'vault: the user may not read the systems.');
      const scene = aScene();
      scene.makeIncomplete(incomplete);
      await expect(scene.plan()).rejects.toMatchObject({
        name: 'PermissionMissing',
        message: expect.stringContaining('set unordered: true'),
      });
      expect(await scene.progress()).toBeUndefined();
      const accepting = aScene({ unordered: true });
      accepting.makeIncomplete(incomplete);
      expect(await accepting.plan()).toEqual({ status: 'planned', items: 3 });
      expect((await accepting.items())?.notes).toEqual([expect.stringContaining('may not read the systems')]);
    });

    it('knows the users of every connection to the vault, and keeps them for the changes', async () => {
      const scene = aScene();
      scene.users.push('CORP\\relay');
      await scene.plan();
      expect((await scene.items())?.relayUsers).toEqual(['CORP\\relay']);
      await scene.advance();
      expect(scene.protectedUsers).toEqual([['CORP\\relay'], ['CORP\\relay']]);
    });
  });

  it('says which of the named items the rule does not select', async () => {
    const scene = aScene();
    const names = ['db-2', 'db-9'].map((systemName) => ({ systemName, accountName: `a${systemName.slice(3)}` }));
    expect(await scene.plan({ order: { ...BY_MESSAGE, items: names } })).toEqual({ status: 'planned', items: 1 });
    expect((await scene.items())?.notes).toEqual([
      'The rule selects no item with systemName db-9, accountName a9. Check its names and select.',
    ]);
  });

  it('takes only the systems that a message names by patterns', async () => {
    const scene = aScene();
    const order = { ...BY_MESSAGE, systems: ['DB-*', '!db-2'] };
    expect(await scene.plan({ order })).toEqual({ status: 'planned', items: 2 });
    expect(await scene.statuses()).toEqual({ 1: 'waiting', 3: 'waiting' });
  });

  it('rotates nothing for a message that selects more than the budget', async () => {
    const budget = { budget: 2 };
    const order = { ...BY_MESSAGE, everything: true } as const;
    const scene = aScene(budget);
    await expect(scene.plan({ order })).rejects.toMatchObject({
      name: 'MessageInvalid',
      message: expect.stringContaining('selects 3 items, more than the budget of the rule, 2. Nothing rotates.'),
    });
    expect(await scene.progress()).toBeUndefined();
    expect(await aScene({ budget: 3 }).plan({ order })).toEqual({ status: 'planned', items: 3 });
    expect(await aScene(budget).plan()).toEqual({ status: 'planned', items: 3 });
  });

  it('takes what was checked out under a ticket, and names what the rule does not select', async () => {
    const scene = aScene();
    const [first, second, third] = accountsOf(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error('There are no accounts.');
    await scene.checkOut('CHG/7', CHECKOUT, [
      first,
      { ...third, ref: { kind: 'alias', id: '9' }, title: 'alias nine' },
    ]);
    await scene.checkOut('CHG/7', { ...CHECKOUT, run: 'tickets.other' }, [first, third]);
    await scene.checkOut('CHG/8', { ...CHECKOUT, run: 'tickets.another' }, [second]);
    expect(await scene.plan({ order: { ...BY_MESSAGE, ticket: 'CHG/7' } })).toEqual({ status: 'planned', items: 2 });
    expect(await scene.statuses()).toEqual({ 1: 'waiting', 3: 'waiting' });
    expect((await scene.items())?.notes).toEqual([
      'The rule does not select everything that was checked out under the ticket CHG/7. Left out: alias nine of vault.',
    ]);
  });

  it('takes exactly what a checkout opened, and no other account of the same name', async () => {
    const [first, second] = accountsOf(2);
    if (first === undefined || second === undefined) throw new Error('There are no accounts.');
    const scene = aScene({}, [first, { ...second, labels: first.labels }]);
    await scene.checkOut('CHG/7', CHECKOUT, [first]);
    await scene.checkOut('CHG/7', { ...CHECKOUT, run: 'tickets.other' }, [second]);
    const { rule, run } = CHECKOUT;
    const order = { rule: RUN.rule, trigger: 'checkout', checkout: { rule, run } } as const;
    expect(await scene.plan({ order })).toEqual({ status: 'planned', items: 1 });
    expect(await scene.statuses()).toEqual({ 1: 'waiting' });
    expect((await scene.items())?.notes).toEqual([]);
  });

  it('rotates nothing for a ticket without a checkout, and says so', async () => {
    const scene = aScene();
    expect(await scene.plan({ order: { ...BY_MESSAGE, ticket: 'CHG7' } })).toEqual({ status: 'planned', items: 0 });
    expect((await scene.items())?.notes).toContain('This relay has no record of a checkout under the ticket CHG7.');
  });
});

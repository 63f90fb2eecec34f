import { describe, expect, it } from 'vitest';
import { accountsOf, aScene, RUN } from './scene.ts';

describe('the plan of a rotation', () => {
  it('records the selected items in waves, and asks the vault for nothing but its list', async () => {
    const scene = aScene({ canary: 1, size: 2 }, accountsOf(4));
    expect(await scene.plan()).toEqual({ status: 'planned', items: 4 });
    const waves = (await scene.progress())?.state.items.map(({ wave }) => wave);
    expect(waves).toEqual([0, 1, 1, 2]);
    expect(scene.calls).toEqual([]);
    expect(scene.sessions()).toEqual(['signIn', 'signOut']);
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

  it('does nothing while another execution of the rule can change credentials', async () => {
    const scene = aScene();
    await scene.plan();
    scene.running.add(RUN.run);
    expect(await scene.plan({ run: 'weekly.2' })).toEqual({ status: 'skipped', items: 0 });
    scene.running.clear();
    expect(await scene.plan({ run: 'weekly.2' })).toEqual({ status: 'planned', items: 3 });
  });

  it('takes only the items that a message names', async () => {
    const scene = aScene();
    const order = { rule: RUN.rule, items: [{ systemName: 'DB-2', accountName: 'a2' }] };
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
    expect(await scene.advance()).toEqual({ next: 'report', waitSeconds: 0 });
  });
});

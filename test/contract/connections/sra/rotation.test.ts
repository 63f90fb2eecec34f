import { describe, expect, it } from 'vitest';
import { DEFAULT_SWITCHES } from '#local/simulators/sra/switches.ts';
import type { Rotation } from '#shared/connections/rotation.ts';
import type { Item } from '#shared/domain/item.ts';
import { judge } from '#shared/domain/rotation/outcome.ts';
import { writtenDown } from '../vault-bench.ts';
import { deny, HOUR_MS, idsOf, itemsBy, openSite, type Site } from './activity-site.ts';
import { countCalls, errorOf, RULE } from './site.ts';

describe('a rotation of accounts of the Vault', () => {
  const inRotation = async <T>(
    site: Site,
    work: (rotation: Rotation, items: ReadonlyMap<number, Item>) => Promise<T>,
  ) =>
    site.vault.session(async (session) => {
      const rotation = session.rotation?.(RULE);
      if (rotation === undefined) throw new Error('The source has no rotation.');
      return work(rotation, await itemsBy(session));
    });
  const itemIn = (items: ReadonlyMap<number, Item>, id: number): Item => {
    const item = items.get(id);
    if (item === undefined) throw new Error(`The list has no account ${id}.`);
    return writtenDown(item);
  };
  /** Starts a rotation of one account, and judges it after some time, as the workflow does. */
  const rotate = async (site: Site, id: number, afterMs: number) =>
    inRotation(site, async (rotation, items) => {
      const item = itemIn(items, id);
      expect([rotation.test]).toEqual([undefined]);
      const { state: before, refusal } = await rotation.inspect(item);
      expect(refusal).toBeUndefined();
      await rotation.change(item, { queue: true });
      site.clock.now += afterMs;
      const shown = await rotation.state(item);
      return judge({ before, shown, isOverdue: false, test: { result: 'impossible' } });
    });

  it('ends as rotated, without a test, and does not end before the site has changed the credential', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'windows_local', 'windows_domain');
    site.simulator.rotationOf(one).delayMs = 2 * HOUR_MS;
    expect(await rotate(site, one, HOUR_MS)).toEqual({ status: 'started' });
    const changedAt = new Date(site.clock.now + 60_000).toISOString();
    expect(await rotate(site, other, HOUR_MS)).toEqual({ status: 'rotated', changedAt });
  });

  it.each(['empty', 'json', 'no-content'] as const)('accepts the answer %s', async (actionAnswer) => {
    const site = await openSite({ actionAnswer });
    expect((await rotate(site, idsOf(site, 'windows_local')[0], HOUR_MS)).status).toBe('rotated');
  });

  it.each(['Password Rotation Failed', 'Password Rotation Attempt Failed'])(
    'that ends as %s shows no change',
    async (rotationFailed) => {
      const { eventNames } = DEFAULT_SWITCHES;
      const site = await openSite({ eventNames: { ...eventNames, rotationFailed } });
      const [one] = idsOf(site, 'windows_local');
      site.simulator.rotationOf(one).result = 'fails';
      expect(await rotate(site, one, HOUR_MS)).toEqual({ status: 'started' });
    },
  );

  it('is refused, with the reason, for an account whose credential the site does not change', async () => {
    const site = await openSite();
    const [ssh] = idsOf(site, 'ssh', 'opaque_token', 'username_password');
    const [windows] = idsOf(site, 'windows_local');
    await inRotation(site, async (rotation, items) => {
      const both = [itemIn(items, windows), itemIn(items, ssh)];
      const order = await rotation.order?.(both);
      expect(order?.placements.map(({ refusal }) => refusal?.name)).toEqual([undefined, 'ChangeRefused']);
      expect((await rotation.inspect(itemIn(items, ssh))).refusal?.message).toContain('windows_local');
      const error = await errorOf(rotation.change(itemIn(items, ssh), { queue: true }));
      expect([error.name, error.mayHaveHappened]).toEqual(['ChangeRefused', false]);
    });
  });

  it('needs the permission for the report, at plan and at each start', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'windows_local');
    await inRotation(site, async (rotation, items) => {
      deny(site, 'reportingVault');
      const item = itemIn(items, one);
      for (const call of [
        () => rotation.inspect(item),
        () => rotation.state(item),
        async () => rotation.order?.([item]),
      ]) {
        const error = await errorOf(call());
        expect(error.name).toBe('PermissionMissing');
        expect(error.message).toContain('Vault account activity');
      }
      expect(site.simulator.changesOf(one)).toBe(0);
    });
  });

  it('takes no change of another account that had the name earlier for one of this account', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'windows_local', 'windows_domain');
    site.clock.now += HOUR_MS;
    site.simulator.changeAccount(other, { name: 'before' });
    site.simulator.changeCredential(other);
    site.simulator.changeAccount(other, { name: 'elsewhere' });
    site.simulator.changeAccount(one, { name: 'before' });
    await inRotation(site, async (rotation, items) => {
      const all = [...items.values()];
      const states = new Map((await rotation.states(all, 1)).map(([ref, state]) => [Number(ref.id), state]));
      expect(states.get(one)).toEqual(await rotation.state(itemIn(items, one)));
      expect(states.get(one)).not.toMatchObject({ changedAt: new Date(site.clock.now).toISOString() });
    });
  });

  it('that the page of a proxy answered may have happened', async () => {
    const site = await openSite();
    const [one] = idsOf(site, 'windows_local');
    await inRotation(site, async (rotation, items) => {
      const effect = { type: 'status', status: 200, body: '<html>Welcome</html>', contentType: 'text/html' } as const;
      site.simulator.faults.add({ kind: 'rotate', effect });
      const error = await errorOf(rotation.change(itemIn(items, one), { queue: true }));
      expect([error.name, error.mayHaveHappened]).toEqual(['AnswerMalformed', true]);
    });
  });

  it('reads many states in one report, and one more for each account whose name is not its own', async () => {
    const site = await openSite();
    const [one, other] = idsOf(site, 'windows_local', 'windows_domain');
    site.simulator.changeAccount(one, { name: 'twice' });
    site.simulator.changeAccount(other, { name: 'twice' });
    site.simulator.changeCredential(one);
    await inRotation(site, async (rotation, items) => {
      const all = [...items.values()];
      const before = countCalls(site.simulator, 'activityReport');
      const states = new Map((await rotation.states(all, 1)).map(([ref, state]) => [Number(ref.id), state]));
      expect(countCalls(site.simulator, 'activityReport') - before).toBe(5);
      const now = new Date(site.clock.now).toISOString();
      expect(states.get(one)).toMatchObject({ changedAt: now });
      expect(states.get(other)).not.toMatchObject({ changedAt: now });
      for (const item of all) expect(states.get(Number(item.ref.id))).toEqual(await rotation.state(item));
    });
  });
});

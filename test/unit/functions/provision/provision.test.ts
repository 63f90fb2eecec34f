import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subjectAt } from '#shared/records/subjects.ts';
import { flood } from '#test/support/provision-flood.ts';
import { BLUEPRINT, type Break, createProvisionWorld, type ProvisionWorld } from '#test/support/provision-world.ts';

const DAY_MS = 86_400_000;
const inputs = { host: 'web01', note: 'first' };

const kinds = (world: ProvisionWorld): string[] => [...world.remote.objects.values()].map(({ type }) => type);
const provisioned = async (world = createProvisionWorld()): Promise<ProvisionWorld> => {
  await world.send('i-1', { position: 1, action: 'provision', inputs });
  await world.drain();
  return world;
};
const object = (world: ProvisionWorld, type: string) =>
  [...world.remote.objects.values()].find((one) => one.type === type);

describe('provisioning', () => {
  it('makes the resources in order, marks them, and records them', async () => {
    const world = await provisioned();
    expect(kinds(world)).toEqual(['host', 'account', 'rule', 'grant']);
    expect(object(world, 'host')?.mark).toMatch(/^hosts [0-9a-f]{16}$/);
    expect(await world.subject('i-1')).toMatchObject({
      state: 'provisioned',
      done: { position: 1, status: 'succeeded' },
      holdings: { host: { how: 'made', id: '1' }, read: { how: 'made' } },
    });
    expect((await world.subject('i-1'))?.running).toBeUndefined();
    expect(world.signals.keys.size).toBe(0);
    expect(world.notices).toEqual([]);
  });

  it('only reads if nothing differs', async () => {
    const world = await provisioned();
    const before = JSON.stringify([...world.remote.objects]);
    await world.send('i-1', { position: 2, action: 'provision', inputs });
    world.breakAt(-1, 'refuse');
    await world.drain();
    expect(JSON.stringify([...world.remote.objects])).toBe(before);
    expect(await world.subject('i-1')).toMatchObject({ done: { position: 2, status: 'succeeded' } });
  });

  it('makes nothing twice if a message arrives twice', async () => {
    const world = await provisioned();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    await world.drain();
    expect(world.executions.size).toBe(1);
  });

  it('changes only what differs', async () => {
    const world = await provisioned();
    await world.send('i-1', { position: 2, action: 'provision', inputs: { ...inputs, note: 'second' } });
    await world.drain();
    expect(object(world, 'host')?.fields).toMatchObject({ note: 'second' });
    expect(kinds(world)).toEqual(['host', 'account', 'rule', 'grant']);
  });

  it('carries out the latest order only, in whatever order messages arrive', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 3, action: 'deprovision' });
    await world.send('i-1', { position: 2, action: 'provision', inputs });
    await world.drain();
    expect(kinds(world)).toEqual([]);
    expect(await world.subject('i-1')).toMatchObject({ state: 'absent', done: { position: 3 } });
  });

  it.each([
    ['of another sender', { position: 2 }, { kind: 'aws', id: 'AROAOTHER' }, 'another sender'],
    ['with a position that was used for another order', { position: 1 }, undefined, 'position: 1 was used'],
  ] as const)('refuses a message %s', async (_what, order, owner, message) => {
    const world = await provisioned();
    await expect(world.send('i-1', { action: 'deprovision', ...order }, owner)).rejects.toThrow(message);
  });

  it('leaves objects of others alone, and undoes what it made before it found them', async () => {
    const world = createProvisionWorld();
    world.remote.byHand('rule', 'rule/owners of web01');
    // The key of a rule contains its accounts, whose id is known only once it is made.
    const [rule] = world.remote.objects.values();
    if (rule !== undefined) world.remote.objects.set(rule.id, { ...rule, key: 'rule/3/owners of web01' });
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    await world.drain();
    expect(kinds(world)).toEqual(['rule']);
    expect(await world.subject('i-1')).toMatchObject({ state: 'absent', holdings: {}, done: { status: 'failed' } });
    expect(world.notices).toEqual([expect.stringContaining('exists already')]);
  });

  it('adopts an object if the blueprint says so, and releases it at the end', async () => {
    const host = { ...BLUEPRINT.resources.host, adopt: true };
    const world = createProvisionWorld({
      ...BLUEPRINT,
      resources: { ...BLUEPRINT.resources, host },
      removal: { graceDays: 0 },
    });
    world.remote.byHand('host', 'host/web01', { kind: 'any' });
    await provisioned(world);
    expect(object(world, 'host')).toMatchObject({ id: '1', mark: expect.any(String), fields: { note: 'first' } });
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual(['host']);
    expect(object(world, 'host')?.mark).toBeUndefined();
  });

  it.each([['a setting that cannot be changed', (world: ProvisionWorld) => object(world, 'host'), { kind: 'other' }]])(
    'refuses to change %s, and says why',
    async (_what, find, fields) => {
      const world = await provisioned();
      Object.assign(find(world)?.fields ?? {}, fields);
      await world.send('i-1', { position: 2, action: 'provision', inputs });
      await world.drain();
      expect(world.notices).toEqual([expect.stringContaining('kind is not changed ("other" to "any")')]);
      expect(await world.subject('i-1')).toMatchObject({ state: 'provisioned' });
    },
  );

  it('refuses a new key of an object instead of making a second one', async () => {
    const world = await provisioned();
    await world.send('i-1', { position: 2, action: 'provision', inputs: { ...inputs, host: 'web02' } });
    await world.drain();
    expect(world.notices).toEqual([expect.stringContaining('name is not changed: it identifies the object')]);
    expect(kinds(world)).toEqual(['host', 'account', 'rule', 'grant']);
  });

  it('makes no second object if someone has renamed one, and deletes the renamed one at the end', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } });
    await provisioned(world);
    const host = object(world, 'host');
    if (host !== undefined) world.remote.objects.set(host.id, { ...host, key: 'host/renamed' });
    await world.send('i-1', { position: 2, action: 'provision', inputs });
    await world.drain();
    expect(world.notices).toEqual([expect.stringContaining('the object is now "host/renamed". Change it back')]);
    expect(kinds(world)).toEqual(['host', 'account', 'rule', 'grant']);
    await world.send('i-1', { position: 3, action: 'deprovision' });
    await world.drain();
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual([]);
  });

  it('fails and undoes everything if a resource does not work', async () => {
    const world = createProvisionWorld();
    world.remote.broken.credentials = true;
    await provisioned(world);
    expect(kinds(world)).toEqual([]);
    expect(world.notices).toEqual([expect.stringContaining('resources.root: The password does not work.')]);
  });

  it('fails if the user who reads credentials could not check out the account', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, proof: { access: 'reader' } });
    world.remote.broken.access = Infinity;
    await provisioned(world);
    expect(kinds(world)).toEqual([]);
    expect(world.notices).toEqual([expect.stringContaining('resources.root: The account cannot be checked out.')]);
    world.remote.broken.access = 0;
    await world.send('i-1', { position: 2, action: 'provision', inputs });
    await world.drain();
    expect(await world.subject('i-1')).toMatchObject({ state: 'provisioned' });
    expect([...world.opened]).toEqual(['admin', 'reader']);
  });

  it('waits while a rule of the vault does not cover the account yet, and logs on with it once', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, proof: { access: 'reader' } });
    world.remote.broken.access = 3;
    await provisioned(world);
    expect(await world.subject('i-1')).toMatchObject({ state: 'provisioned' });
    expect(world.remote.tests).toEqual({ credentials: 1, access: 4 });
  });

  it('signs in with the connection of the blueprint only, unless it is to test the access', async () => {
    const world = createProvisionWorld();
    world.remote.broken.access = Infinity;
    await provisioned(world);
    expect(kinds(world)).toHaveLength(4);
    expect([...world.opened]).toEqual(['admin']);
  });

  it('tests again only after a change, and until the test has succeeded', async () => {
    const world = await provisioned();
    world.remote.broken.credentials = true;
    const statusAt = async (position: number, note: string) => {
      await world.send('i-1', { position, action: 'provision', inputs: { ...inputs, note } });
      await world.drain();
      return (await world.subject('i-1'))?.done?.status;
    };
    expect(await statusAt(2, 'first')).toBe('succeeded');
    expect(await statusAt(3, 'second')).toBe('failed');
    expect(await statusAt(4, 'second')).toBe('failed');
    world.remote.broken.credentials = false;
    expect(await statusAt(5, 'second')).toBe('succeeded');
    world.remote.broken.credentials = true;
    expect(await statusAt(6, 'second')).toBe('succeeded');
  });
});

describe('50 machines that appear at once', () => {
  it('each end as their latest message says, whatever the order and the number of copies', async () => {
    const { wanted, found, violations } = await flood(50, 1);
    expect(found).toEqual(wanted);
    expect(violations).toEqual([]);
  });
});

describe('ownership', () => {
  it('refuses an object with the mark of another subject, even if it may adopt', async () => {
    const host = { ...BLUEPRINT.resources.host, adopt: true };
    const world = await provisioned(
      createProvisionWorld({ ...BLUEPRINT, resources: { ...BLUEPRINT.resources, host } }),
    );
    await world.send('i-2', { position: 1, action: 'provision', inputs });
    await world.drain();
    expect(world.notices).toEqual([expect.stringContaining('belongs to another subject')]);
    expect(kinds(world)).toHaveLength(4);
  });

  it('keeps the mark of an adopted object through the change that follows', async () => {
    const host = { ...BLUEPRINT.resources.host, adopt: true };
    const world = createProvisionWorld({ ...BLUEPRINT, resources: { ...BLUEPRINT.resources, host } });
    world.remote.byHand('host', 'host/web01', { kind: 'any', note: 'by hand' });
    await provisioned(world);
    expect(object(world, 'host')).toMatchObject({ mark: expect.any(String), fields: { note: 'first' } });
    await world.send('i-2', { position: 1, action: 'provision', inputs });
    await world.drain();
    expect(world.notices).toEqual([expect.stringContaining('belongs to another subject')]);
  });

  it('marks an object again whose mark someone has removed, because the record proves it', async () => {
    const world = await provisioned();
    const host = object(world, 'host');
    const mark = host?.mark;
    if (host !== undefined) host.mark = undefined;
    await world.send('i-1', { position: 2, action: 'provision', inputs });
    await world.drain();
    expect(object(world, 'host')?.mark).toBe(mark);
  });

  it('refuses a grant on objects none of which the relay made', async () => {
    const { host, root } = BLUEPRINT.resources;
    const owners = { ...BLUEPRINT.resources.owners, adopt: true };
    const world = createProvisionWorld({
      ...BLUEPRINT,
      resources: { host, root, owners, read: BLUEPRINT.resources.read },
    });
    world.remote.byHand('rule', 'rule/3/owners of web01', { accounts: ['3'] });
    await provisioned(world);
    expect(world.notices).toEqual([expect.stringContaining('made none of the objects that it connects')]);
    expect(kinds(world)).toEqual(['rule']);
    expect(object(world, 'rule')?.mark).toBeUndefined();
  });

  it('restores a grant that existed before', async () => {
    const world = createProvisionWorld();
    world.remote.defaultGrant = { level: 'none' };
    world.remote.broken.credentials = true;
    await provisioned(world);
    expect(world.remote.restored).toEqual([{ level: 'none' }]);
    expect(kinds(world)).toEqual([]);
  });

  it('restores the state before its own first change, whatever others changed since', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } });
    world.remote.defaultGrant = { level: 'none' };
    await provisioned(world);
    Object.assign(object(world, 'grant')?.fields ?? {}, { level: 'other' });
    await world.send('i-1', { position: 2, action: 'provision', inputs });
    await world.drain();
    await world.send('i-1', { position: 3, action: 'deprovision' });
    await world.drain();
    await settle(world);
    expect(world.remote.restored).toEqual([{ level: 'none' }]);
  });
});

describe('an undo that cannot see what was made', () => {
  it('leaves the rest to the sweep, which finds it by its mark', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    world.breakEach(/^(create|remove) host/, 'garble');
    world.remote.refusesRemoval = true;
    await world.drain();
    expect(await world.subject('i-1')).toMatchObject({ state: 'remaining', holdings: {} });
    world.heal();
    world.remote.refusesRemoval = false;
    await settle(world);
    expect(kinds(world)).toEqual([]);
  });
});

describe('a resource that was added to the blueprint of a provisioned subject', () => {
  it('is undone under the inputs of the order that failed', async () => {
    const owners = { ...BLUEPRINT.resources.owners, name: 'owners of {note}' };
    const world = await provisioned(
      createProvisionWorld({ ...BLUEPRINT, resources: { ...BLUEPRINT.resources, owners } }),
    );
    const place = subjectAt.record({ rule: 'hosts', subject: 'i-1' });
    const known = await world.records.read(place);
    if (known === undefined) throw new Error('There is no record.');
    // As if the rule had been added only now.
    const { owners: _, read: __, ...holdings } = known.record.holdings;
    await world.records.replace(place, { ...known.record, holdings }, known.version);
    for (const one of [...world.remote.objects.values()])
      if (one.type === 'rule' || one.type === 'grant') world.remote.objects.delete(one.id);
    world.breakEach(/^create rule/, 'garble');
    await world.send('i-1', { position: 2, action: 'provision', inputs: { ...inputs, note: 'second' } });
    await world.drain();
    expect(kinds(world)).toEqual(['host', 'account']);
  });
});

describe('several executions', () => {
  it('are one at a time: the running one carries out the order of the next as well', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    world.interruptAt(12, async () => {
      await world.send('i-1', { position: 2, action: 'provision', inputs: { ...inputs, note: 'second' } });
      await world.drain();
    });
    await world.drain();
    expect([...world.executions.values()].map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(object(world, 'host')?.fields).toMatchObject({ note: 'second' });
    expect(await world.subject('i-1')).toMatchObject({ done: { position: 2 } });
    expect(world.remote.violations).toEqual([]);
  });

  it('undo nothing of an earlier order that the same execution has carried out', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    world.interruptAt(20, async () => {
      await world.send('i-1', { position: 2, action: 'provision', inputs: { ...inputs, host: 'web02' } });
    });
    await world.drain();
    expect(world.notices).toEqual([expect.stringContaining('name is not changed')]);
    expect(kinds(world)).toEqual(['host', 'account', 'rule', 'grant']);
    expect(await world.subject('i-1')).toMatchObject({ state: 'provisioned', done: { position: 2, status: 'failed' } });
  });

  it('are not started by the sweep while one works on the subject', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    const swept: unknown[] = [];
    world.interruptAt(12, async () => {
      swept.push(await world.sweep());
    });
    await world.drain();
    expect(swept).toEqual([{ started: 0, postponed: 0 }]);
  });

  it('take over from one that died', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    world.breakAt(12, 'stop after');
    await world.drain();
    world.heal();
    // A function of it can still be at work.
    expect(await world.sweep()).toEqual({ started: 0, postponed: 0 });
    world.advance(15 * 60_000);
    expect(await world.sweep()).toEqual({ started: 1, postponed: 0 });
    await world.drain();
    expect(kinds(world)).toEqual(['host', 'account', 'rule', 'grant']);
  });
});

describe('an undo that fails', () => {
  it('is reported, and repeated later with growing pauses', async () => {
    const world = createProvisionWorld();
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    world.remote.broken.credentials = true;
    world.breakEach(/^remove/, 'refuse');
    await world.drain();
    expect(await world.subject('i-1')).toMatchObject({ state: 'remaining', done: { status: 'failed' } });
    expect(world.notices).toEqual([expect.stringContaining('Its undo failed as well')]);
    expect(await world.sweep()).toEqual({ started: 0, postponed: 0 });
    world.advance(61 * 60_000);
    expect(await world.sweep()).toEqual({ started: 1, postponed: 0 });
    await world.drain();
    world.advance(61 * 60_000);
    expect(await world.sweep()).toEqual({ started: 0, postponed: 0 });
    world.heal();
    world.advance(60 * 60_000);
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual([]);
    expect(await world.subject('i-1')).toMatchObject({ state: 'absent' });
  });
});

describe('late effects', () => {
  it('are waited for outside of a function', async () => {
    const world = createProvisionWorld();
    const began = world.now();
    await provisioned(world);
    expect(world.now() - began).toBe(10_000);
  });

  it('that do not end within half an hour fail the subject', async () => {
    const world = createProvisionWorld();
    world.remote.broken.settling = true;
    await provisioned(world);
    expect(world.notices).toEqual([expect.stringContaining('has not finished the account resources.root')]);
    expect(kinds(world)).toEqual([]);
  });
});

describe('deprovisioning', () => {
  it('withdraws access, names what will be destroyed, and deletes everything after the grace period', async () => {
    const world = await provisioned();
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    expect(object(world, 'account')?.isEnabled).toBe(false);
    expect(world.notices).toEqual([
      expect.stringMatching(/After 2026-03-08.*, these are deleted: .*root.*\. Its password is lost\./),
    ]);
    world.advance(6 * DAY_MS);
    await world.sweep();
    await world.drain();
    // The grant is taken back at once, and would be made again.
    expect(kinds(world)).toEqual(['host', 'account', 'rule']);
    world.advance(2 * DAY_MS);
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual([]);
    expect(await world.subject('i-1')).toMatchObject({ state: 'absent', holdings: {} });
    await world.sweep();
    expect(world.signals.keys.size).toBe(0);
  });

  it('enables a machine that returns within the grace period', async () => {
    const world = await provisioned();
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    await world.send('i-1', { position: 3, action: 'provision', inputs });
    await world.drain();
    expect(object(world, 'account')?.isEnabled).toBe(true);
    world.advance(30 * DAY_MS);
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toHaveLength(4);
    expect((await world.subject('i-1'))?.removeAt).toBeUndefined();
  });

  it('leaves a machine withdrawn whose return fails, and deletes it only once it is deprovisioned again', async () => {
    const world = await provisioned();
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    world.breakEach(/^prove account/, 'refuse');
    await world.send('i-1', { position: 3, action: 'provision', inputs });
    await world.drain();
    world.heal();
    expect(object(world, 'account')?.isEnabled).toBe(false);
    expect(kinds(world)).toEqual(['host', 'account', 'rule']);
    expect(world.notices.at(-1)).toContain('Its access stays withdrawn.');
    world.advance(30 * DAY_MS);
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual(['host', 'account', 'rule']);
    await world.send('i-1', { position: 4, action: 'deprovision' });
    await world.drain();
    world.advance(30 * DAY_MS);
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual([]);
  });

  it('takes back the rights on adopted objects at once, and leaves the objects enabled', async () => {
    const { host, root } = BLUEPRINT.resources;
    const resources = { ...BLUEPRINT.resources, host: { ...host, adopt: true }, root: { ...root, adopt: true } };
    const world = createProvisionWorld({ ...BLUEPRINT, resources });
    world.remote.byHand('host', 'host/web01', { kind: 'any' });
    world.remote.byHand('account', 'account/1/root');
    await provisioned(world);
    expect(kinds(world)).toContain('grant');
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    expect(kinds(world)).toEqual(['host', 'account', 'rule']);
    expect(object(world, 'account')?.isEnabled).toBe(true);
  });

  it('ends the wait for a proof at once', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, proof: { access: 'reader' } });
    world.remote.broken.access = Infinity;
    await world.send('i-1', { position: 1, action: 'provision', inputs });
    world.interruptAt(40, async () => {
      await world.send('i-1', { position: 2, action: 'deprovision' });
    });
    const before = world.now();
    await world.drain();
    expect(await world.subject('i-1')).toMatchObject({ state: 'withdrawn', done: { position: 2 } });
    expect(world.now() - before).toBeLessThan(10 * 60_000);
  });

  it('deletes no machine that returns while its last uses end', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 1 } });
    await provisioned(world);
    world.remote.broken.endUse = 7 * 1440;
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    world.advance(2 * DAY_MS);
    await world.sweep();
    world.breakAt(-1, 'refuse');
    let looks = 0;
    world.interruptAt(12, async () => {
      looks += 1;
      await world.send('i-1', { position: 3, action: 'provision', inputs });
    });
    const before = world.now();
    await world.drain();
    expect(looks).toBe(1);
    expect(await world.subject('i-1')).toMatchObject({ state: 'provisioned', done: { position: 3 } });
    expect(world.now() - before).toBeLessThan(DAY_MS);
    expect(kinds(world)).toHaveLength(4);
  });

  it('keeps an object into which someone else has put another, and says so', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } });
    await provisioned(world);
    world.remote.byHand('account', 'account/1/oracle');
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    await world.sweep();
    await world.drain();
    expect([...world.remote.objects.values()].map(({ key, mark }) => [key, mark])).toEqual([
      ['host/web01', undefined],
      ['account/1/oracle', undefined],
    ]);
    expect(world.notices.at(-1)).toContain('contains objects that the relay did not make, so it was released');
    expect(world.remote.violations).toEqual([]);
  });

  it('that fails is repeated by the sweep with growing pauses, and deletes nothing before its time', async () => {
    const world = await provisioned();
    world.breakEach(/^setEnabled/, 'refuse');
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    await world.sweep();
    await world.drain();
    expect(world.notices).toHaveLength(1);
    expect(kinds(world)).toEqual(['host', 'account', 'rule']);
    world.advance(DAY_MS);
    world.heal();
    await world.sweep();
    await world.drain();
    expect(await world.subject('i-1')).toMatchObject({ state: 'withdrawn', done: { position: 2 } });
  });

  it('that fails deletes nothing, not even what only its mark shows', async () => {
    const world = await provisioned();
    const place = subjectAt.record({ rule: 'hosts', subject: 'i-1' });
    const known = await world.records.read(place);
    if (known === undefined) throw new Error('There is no record.');
    const { owners: _, ...holdings } = known.record.holdings;
    await world.records.replace(place, { ...known.record, holdings }, known.version);
    world.breakEach(/^setEnabled/, 'refuse');
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    expect(kinds(world)).toContain('rule');
  });

  it('goes on if someone has deleted what a grant connects', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } });
    await provisioned(world);
    const rule = object(world, 'rule');
    for (const one of [...world.remote.objects.values()])
      if (one.id === rule?.id || one.type === 'grant') world.remote.objects.delete(one.id);
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual([]);
  });

  it('deletes no more subjects on a day than the budget allows', async () => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0, maxPerDay: 2 } });
    for (const host of ['a', 'b', 'c']) {
      await world.send(host, { position: 1, action: 'provision', inputs: { ...inputs, host } });
      await world.send(host, { position: 2, action: 'deprovision' });
    }
    await world.drain();
    for (const host of ['a', 'b', 'c']) {
      await world.send(host, { position: 3, action: 'provision', inputs: { ...inputs, host } });
      await world.drain();
      await world.send(host, { position: 4, action: 'deprovision' });
      await world.drain();
    }
    expect(await world.sweep()).toEqual({ started: 2, postponed: 1 });
    await world.drain();
    expect(await world.sweep()).toEqual({ started: 0, postponed: 1 });
    world.advance(DAY_MS);
    expect(await world.sweep()).toEqual({ started: 1, postponed: 0 });
    await world.drain();
    expect(kinds(world)).toEqual([]);
  });

  it('keeps an object whose mark someone has removed', async () => {
    const world = await provisioned(createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } }));
    const host = object(world, 'host');
    if (host !== undefined) host.mark = undefined;
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    await world.sweep();
    await world.drain();
    expect(kinds(world)).toEqual(['host']);
    expect(world.notices.at(-1)).toContain('no longer has the mark');
  });

  it('does not disable an account whose mark someone has removed', async () => {
    const world = await provisioned();
    const account = object(world, 'account');
    if (account !== undefined) account.mark = undefined;
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    expect(object(world, 'account')?.isEnabled).toBe(true);
    expect(await world.subject('i-1')).toMatchObject({ state: 'withdrawn' });
  });

  it('waits until the last use has ended if it may not end the uses', async () => {
    const world = await provisioned(createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 0 } }));
    world.remote.broken.endUse = 90;
    await world.send('i-1', { position: 2, action: 'deprovision' });
    await world.drain();
    const began = world.now();
    await world.sweep();
    await world.drain();
    expect(world.now() - began).toBe(90 * 60_000);
    expect(kinds(world)).toEqual([]);
  });
});

describe('drift', () => {
  it.each([
    [
      'a changed setting',
      (world: ProvisionWorld) => Object.assign(object(world, 'host')?.fields ?? {}, { note: 'x' }),
      'host.note',
    ],
    ['a missing object', (world: ProvisionWorld) => world.remote.objects.delete('4'), 'read.missing'],
    [
      'a removed mark',
      (world: ProvisionWorld) => Object.assign(object(world, 'host') ?? {}, { mark: undefined }),
      'host.mark',
    ],
  ])('reports %s, and repairs it only if the blueprint says so', async (_what, tamper, line) => {
    const drift = { schedule: { expression: 'rate(1 day)' } };
    for (const repair of [false, true]) {
      const world = await provisioned(createProvisionWorld({ ...BLUEPRINT, drift: { ...drift, repair } }));
      expect(await world.compare()).toMatchObject({ next: 'end', compared: 1, drifted: 0 });
      tamper(world);
      expect(await world.compare()).toMatchObject({ drifted: 1, lines: [expect.stringContaining(`i-1: ${line}`)] });
      await world.drain();
      expect((await world.compare()).drifted).toBe(repair ? 0 : 1);
    }
  });
});

describe('a comparison that a limit interrupts', () => {
  it('continues with the subjects that are left, or fails so that the workflow waits', async () => {
    const world = await provisioned();
    await world.send('i-2', { position: 1, action: 'provision', inputs: { ...inputs, host: 'host-2' } });
    await world.drain();
    const ends = new Set<string>();
    for (let call = 0; !ends.has('end 2'); call++) {
      world.breakAt(call, 'limit');
      const ended = world.compare().then(
        ({ next, compared, failed }) => `${next} ${compared}${failed > 0 ? ' failed' : ''}`,
        ({ name }: Error) => name,
      );
      ends.add(await ended);
    }
    expect([...ends]).toEqual(['LimitReached', 'drift 1', 'end 2']);
  });
});

describe('a repair', () => {
  it('that dies is found by the sweep, so that the next comparison repairs the subject', async () => {
    const drift = { schedule: { expression: 'rate(1 day)' }, repair: true };
    const world = await provisioned(createProvisionWorld({ ...BLUEPRINT, drift }));
    Object.assign(object(world, 'host')?.fields ?? {}, { note: 'other' });
    await world.compare();
    world.breakEach(/^change host/, 'stop before');
    await world.drain();
    world.heal();
    world.advance(DAY_MS);
    await world.sweep();
    await world.drain();
    await world.compare();
    await world.drain();
    expect(object(world, 'host')?.fields).toMatchObject({ note: 'first' });
    expect(world.signals.keys.size).toBe(0);
  });

  it('restores the last state that succeeded, not an order that failed', async () => {
    const drift = { schedule: { expression: 'rate(1 day)' }, repair: true };
    const world = await provisioned(createProvisionWorld({ ...BLUEPRINT, drift }));
    world.remote.broken.credentials = true;
    await world.send('i-1', { position: 2, action: 'provision', inputs: { ...inputs, note: 'second' } });
    await world.drain();
    world.remote.broken.credentials = false;
    expect(await world.subject('i-1')).toMatchObject({ state: 'provisioned', inputs, done: { status: 'failed' } });
    expect(await world.compare()).toMatchObject({ drifted: 1, lines: ['i-1: host.note (is being repaired)'] });
    await world.drain();
    expect(object(world, 'host')?.fields).toMatchObject({ note: 'first' });
  });
});

/** Lets everything come to rest: time passes, and the sweep continues what was left. */
const settle = async (world: ProvisionWorld): Promise<void> => {
  for (let round = 0; round < 6; round++) {
    world.advance(2 * DAY_MS);
    await world.sweep();
    await world.drain();
  }
};

const breaks: readonly Break[] = ['stop before', 'stop after', 'fail before', 'lose answer', 'garble', 'refuse'];

describe('whatever fails', () => {
  /** Breaks one call of a provisioning, an update, or a deprovisioning. */
  const scene = async (at: number, how: Break, last: 'provision' | 'deprovision'): Promise<ProvisionWorld> => {
    const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 1 } });
    if (last === 'deprovision') await provisioned(world);
    world.breakAt(at, how);
    await world.send('i-1', { position: 5, action: last, ...(last === 'provision' && { inputs }) });
    await world.drain();
    world.heal();
    return world;
  };
  const callsOf = async (last: 'provision' | 'deprovision'): Promise<number> => {
    const world = await scene(-1, 'refuse', last);
    return world.calls();
  };

  it.each(breaks)('a provisioning that meets "%s" at any call ends with all or nothing', async (how) => {
    const calls = await callsOf('provision');
    expect(calls).toBeGreaterThan(20);
    for (let at = 0; at < calls; at++) {
      const world = await scene(at, how, 'provision');
      await settle(world);
      const state = (await world.subject('i-1'))?.state;
      // A crash or a passing failure is repaired, not undone.
      if (how !== 'refuse' && how !== 'garble') expect([at, state]).toEqual([at, 'provisioned']);
      expect([at, state, kinds(world).length]).toEqual([at, state, state === 'provisioned' ? 4 : 0]);
      expect([at, world.remote.violations]).toEqual([at, []]);
      await world.send('i-1', { position: 6, action: 'provision', inputs });
      await world.drain();
      await settle(world);
      expect([at, kinds(world)]).toEqual([at, ['host', 'account', 'rule', 'grant']]);
    }
  });

  it.each(breaks)('a deprovisioning that meets "%s" at any call ends with nothing', async (how) => {
    const calls = await callsOf('deprovision');
    for (let at = 0; at < calls; at++) {
      const world = await scene(at, how, 'deprovision');
      await settle(world);
      await settle(world);
      expect([at, (await world.subject('i-1'))?.state, kinds(world)]).toEqual([at, 'absent', []]);
      expect([at, world.remote.violations]).toEqual([at, []]);
    }
  });

  it('random orders and failures end in the state of the latest order, once everything has come to rest', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), position: fc.integer({ min: 0, max: 9 }) }),
      fc.record({
        kind: fc.constant('break' as const),
        at: fc.integer({ min: 0, max: 60 }),
        how: fc.constantFrom(...breaks),
      }),
      fc.constant({ kind: 'drain' as const }),
      fc.constant({ kind: 'sweep' as const }),
      fc.record({ kind: fc.constant('advance' as const), hours: fc.integer({ min: 1, max: 50 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const world = createProvisionWorld({ ...BLUEPRINT, removal: { graceDays: 1 } });
        let latest = -1;
        for (const one of steps) {
          if (one.kind === 'send') {
            latest = Math.max(latest, one.position);
            // Even positions provision, so that the same position always means the same order.
            const action = one.position % 2 === 0 ? 'provision' : 'deprovision';
            await world.send('i-1', { position: one.position, action, ...(action === 'provision' && { inputs }) });
          }
          if (one.kind === 'break') world.breakAt(one.at, one.how);
          if (one.kind === 'drain') await world.drain();
          if (one.kind === 'sweep') await world.sweep();
          if (one.kind === 'advance') world.advance(one.hours * 3_600_000);
        }
        world.heal();
        await world.drain();
        await settle(world);
        await settle(world);
        const subject = await world.subject('i-1');
        const isThere = subject?.state === 'provisioned';
        expect(kinds(world)).toHaveLength(isThere ? 4 : 0);
        expect(world.remote.violations).toEqual([]);
        expect(subject?.running).toBeUndefined();
        if (latest % 2 === 1) expect(subject?.state).toBe('absent');
        else if (latest >= 0 && subject?.done?.status === 'succeeded') expect(isThere).toBe(true);
        expect(world.signals.keys.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

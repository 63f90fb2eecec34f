import { describe, expect, it } from 'vitest';
import { directoryWorld } from '#test/support/directory-world.ts';
import { openRelaySite, type RelaySite } from './relay-site.ts';

const addressesOf = ({ simulator }: RelaySite): string[] => simulator.members().map(({ email }) => email.toLowerCase());

const rule = (emails: readonly string[]) => ({
  connection: 'people',
  schedule: { expression: 'rate(1 hour)' },
  groups: [{ name: 'Engineers' }],
  members: emails.map((email, index) => ({ email, groups: index < 2 ? ['Engineers'] : [] })),
  removals: { maxPerDay: 2, maxPercent: 50, graceDays: 7 },
});

describe.each([
  ['today', {}],
  ['older', { era: 'older' as const }],
])('the declared people of an organization, on a server of the era %s', (era, switches) => {
  it('join, change, leave and come back, with no difference left', async () => {
    const site = await openRelaySite({ site: { switches }, hasForeignIds: false });
    const world = directoryWorld({ remote: site, settings: rule([...addressesOf(site), 'new.person@example.com']) });
    expect(await world.run('1')).toMatchObject({ status: 'SUCCEEDED', failed: 0 });
    expect(addressesOf(site)).toContain('new.person@example.com');
    expect(await world.run('2')).toMatchObject({ status: 'SUCCEEDED', done: 0 });

    const leaver = site.simulator.members().find(({ type, status }) => type === 2 && status === 2);
    if (leaver === undefined) throw new Error('The fleet has no confirmed user.');
    const rest = addressesOf(site).filter((email) => email !== leaver.email.toLowerCase());
    world.scene.settings = rule(rest);
    expect(await world.run('3')).toMatchObject({ status: 'SUCCEEDED', failed: 0 });
    const found = () => site.simulator.members().find(({ id }) => id === leaver.id);
    if (era === 'today') expect(found()?.status).toBe(-1);

    await world.run('4', { trigger: 'undo', members: [leaver.email] });
    expect(found()?.status).toBe(2);
    world.pass(8);
    await world.run('5');
    world.pass(8);
    expect(await world.run('6')).toMatchObject({ status: 'SUCCEEDED', failed: 0 });
    expect(found()).toBeUndefined();
    expect(await world.run('7')).toMatchObject({ status: 'SUCCEEDED', done: 0 });
    expect(site.leaksIn([...world.runs.objects.values(), ...world.notices].join())).toEqual([]);
  });
});

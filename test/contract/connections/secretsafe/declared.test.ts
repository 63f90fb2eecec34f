import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { secretSafe } from '#shared/connections/secretsafe/type.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import { directoryWorld, RULE } from '#test/support/directory-world.ts';
import { openRelaySite, type RelaySite } from './relay-site.ts';

const SENDER = 'AROA1234567890PEOPLE';

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

it('fifty people leave by message within a minute at the default pace, from the sending of the messages', async () => {
  const site = await openRelaySite({
    site: { fleet: createFleet({ members: 90, groups: 4, collections: 5, seed: 1 }) },
  });
  const users = site.simulator.members().filter(({ type, status }) => type === 2 && status !== -1);
  const leavers = users.slice(0, 50);
  const world = directoryWorld({
    remote: site,
    settings: {
      ...rule(addressesOf(site)),
      removals: { maxPerDay: 50, maxPercent: 100 },
      messages: { senders: [SENDER], maxPerDay: 50 },
    },
  });
  const ownership = { writes: 1, members: users.map(({ id }) => id), groups: {}, leavingGroups: [] };
  await world.shared.replace(directoryAt.ownership(RULE), ownership, 'absent');
  for (const { email } of leavers) {
    await world.send({ type: 'member.left', directory: RULE, email: email.toLowerCase(), position: 1 }, SENDER);
  }
  const [input = ''] = world.executions.started.values();
  const { waitSeconds } = z.object({ waitSeconds: z.int() }).parse(JSON.parse(input));
  expect(await world.heed('m1')).toMatchObject({ status: 'SUCCEEDED', done: 50 });
  const out = new Set(site.simulator.members().flatMap(({ id, status }) => (status === -1 ? [id] : [])));
  expect(leavers.filter(({ id }) => !out.has(id))).toEqual([]);
  const { perSecond } = secretSafe.settings.parse({
    ...{ type: 'secretsafe', url: site.simulator.url, authentication: { bootstrapSecret: 'bootstrap/secretsafe' } },
  }).limits;
  const calls = site.kinds().length;
  const lists = calls - 3 * leavers.length;
  expect(lists).toBeLessThanOrEqual(2);
  const secondsFor = (count: number): number => waitSeconds + (lists + 3 * count) / perSecond;
  expect(secondsFor(50)).toBeLessThanOrEqual(57);
  expect(secondsFor(200)).toBeLessThanOrEqual(4 * 60);
});

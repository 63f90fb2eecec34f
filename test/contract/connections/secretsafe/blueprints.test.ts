import { describe, expect, test } from 'vitest';
import { RESOURCES } from '#shared/connections/secretsafe/resources/resources.ts';
import { createProvisionWorld } from '#test/support/provision-world.ts';
import { openResourceSite, type RelaySiteOptions } from './relay-site.ts';

const EMAIL = 'joiner@example.com';
const DAY_MS = 86_400_000;
const DATA = { minLength: 14 };

const BLUEPRINT = {
  connection: 'people',
  inputs: { email: { format: 'text' } },
  resources: {
    person: { type: 'secretsafe-member', email: '{email}', groups: ['Group 001'] },
    team: { type: 'secretsafe-group', name: 'Team of {email}' },
    access: { type: 'secretsafe-collection-access', group: 'team', collection: 'collection-0001', right: 'edit' },
    policy: { type: 'secretsafe-policy', adopt: true, policy: 'master-password', data: DATA, apply: true },
  },
};

/** Blueprint and engine over a simulated organization, with one subject. */
const openWorld = async (options: RelaySiteOptions, blueprint: object = BLUEPRINT) => {
  const site = await openResourceSite(options);
  const world = createProvisionWorld(blueprint, { types: RESOURCES, resources: site.resources });
  const send = async (position: number, action: 'provision' | 'deprovision') => {
    await world.send('p-1', { position, action, inputs: { email: EMAIL } });
    await world.drain();
    return world.subject('p-1');
  };
  const person = () => site.simulator.members().find(({ email }) => email === EMAIL);
  const team = () => site.simulator.groups().find(({ name }) => name === `Team of ${EMAIL}`);
  return { site, world, send, person, team };
};

describe.each([
  ['by their marks', false, /^pam-relay\/hosts\/[0-9a-f]{16}$/],
  ['by the record, because another program sets external ids', true, /^$/],
])('the people and groups of a blueprint, recognized %s,', (_how, hasForeignIds, externalId) => {
  test('are made, compared, withdrawn and deleted, and nothing else changes', async () => {
    const { site, world, send, person, team } = await openWorld({ hasForeignIds });
    const others = () => [
      site.simulator.members().filter(({ email }) => email !== EMAIL),
      site.simulator
        .groups()
        .map(({ memberIds: _, ...group }) => group)
        .filter(({ name }) => !name.startsWith('Team')),
    ];
    const before = others();

    expect(await send(1, 'provision')).toMatchObject({ state: 'provisioned', done: { status: 'succeeded' } });
    expect(person()?.externalId ?? '').toMatch(externalId);
    expect(person()?.groupIds).toHaveLength(1);
    expect(Object.values(team()?.access ?? {})).toEqual([{ readOnly: false, hidePasswords: false, manage: false }]);
    expect(site.simulator.policies()).toMatchObject([{ type: 1, enabled: true, data: DATA }]);
    expect(await world.compare()).toMatchObject({ compared: 1, drifted: 0, failed: 0 });

    const calls = site.kinds().length;
    await send(2, 'provision');
    const writes = site
      .kinds()
      .slice(calls)
      .filter((kind) => /^(invite|update|set|save|create|re)/.test(kind));
    expect(writes).toEqual([]);

    expect(await send(3, 'deprovision')).toMatchObject({ state: 'withdrawn' });
    expect(person()).toMatchObject({ status: -1 });
    expect(site.simulator.policies()).toMatchObject([{ enabled: false }]);
    world.advance(8 * DAY_MS);
    await world.sweep();
    await world.drain();
    expect(await world.subject('p-1')).toMatchObject({ state: 'absent' });
    expect([person(), team()]).toEqual([undefined, undefined]);
    expect(others()).toEqual(before);
  });
});

describe('a blueprint', () => {
  test('takes over no policy without adopt', async () => {
    const { policy, ...rest } = BLUEPRINT.resources;
    const resources = { ...rest, policy: { ...policy, adopt: false } };
    const { site, send, world } = await openWorld({ hasForeignIds: false }, { ...BLUEPRINT, resources });
    await send(1, 'provision');
    expect(world.notices.join()).toContain('ResourceForeign');
    expect(site.simulator.policies()).toEqual([]);
  });

  test('shows a change of the groups by a person as a difference', async () => {
    const { site, world, send, person } = await openWorld({ hasForeignIds: false });
    await send(1, 'provision');
    const [, second] = site.simulator.groups();
    await site.inSession((session) =>
      session.changeGroupsOf(person()?.id ?? '', { add: [second?.id ?? ''], remove: [] }),
    );
    expect(await world.compare()).toMatchObject({ drifted: 1, lines: ['p-1: person.groups'] });
  });
});

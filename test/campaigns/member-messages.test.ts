import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleIdOf } from '#local/aws/principals.ts';
import { ended, machineArn } from '#local/executions.ts';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { type SecretSafeSimulator, startSecretSafe } from '#local/simulators/secretsafe/server.ts';
import { startWorld, type World } from '#local/world.ts';

const QUEUE = 'local-intake';
const RULE = 'organization';
const BOOTSTRAP_SECRET = 'bootstrap/secretsafe';
const SENDER = 'HR-SYSTEM';
const MINUTE_MS = 60_000;

const [CONFIRMED, REVOKED, USER, OWNER] = [2, -1, 2, 0];

describe('messages about people of an organization', () => {
  let world: World;
  let site: SecretSafeSimulator;
  beforeAll(async () => {
    const fleet = createFleet({ members: 12, groups: 2, collections: 2, seed: 1 });
    const members = fleet.members.map((member) => ({ ...member, externalId: null }));
    const groups = fleet.groups.map((group) => ({ ...group, externalId: null }));
    site = await startSecretSafe({ fleet: { ...fleet, members, groups }, switches: { throttling: 'off' } });
    const people = {
      type: 'secretsafe',
      url: site.url,
      ca: site.caPem,
      authentication: { bootstrapSecret: BOOTSTRAP_SECRET },
    };
    const rule = {
      connection: 'people',
      schedule: { expression: 'rate(1 hour)' },
      members: members.map(({ email }) => ({ email })),
      removals: { maxPerDay: 5, maxPercent: 100 },
      messages: { senders: [roleIdOf(SENDER)] },
    };
    world = await startWorld({
      accounts: 1,
      seed: 5,
      waitScale: 0,
      configure(config) {
        config.setIn(['connections', 'people'], config.createNode(people));
        config.setIn(['directories', RULE], config.createNode(rule));
      },
    });
    world.aws.secretsManager.handle('CreateSecret', {
      Name: BOOTSTRAP_SECRET,
      ClientRequestToken: crypto.randomUUID(),
      SecretString: JSON.stringify(site.apiKey()),
    });
  });
  afterAll(async () => {
    await world.close();
    await site.close();
  });

  const runs = () => world.aws.stepFunctions.list(machineArn(world, 'directory'));
  const send = async (...emails: readonly string[]): Promise<void> => {
    const messages = emails.map((email) => ({ type: 'member.left', directory: RULE, email, position: 1 }));
    await world.aws.queues.sendAs(SENDER, QUEUE, ...messages.map((message) => JSON.stringify(message)));
    await world.aws.eventSources.drained(QUEUE);
  };
  const statusOf = (id: string) => site.members().find((member) => member.id === id)?.status;

  it('revoke a leaver within a minute, once, and no owner, with no permission too few', async () => {
    const started = await world.aws.scheduler.fire(`directory.${RULE}`, world.clock.now());
    if (started.kind !== 'execution') throw new Error('The schedule starts no execution.');
    expect(await ended(world, started.execution)).toMatchObject({ status: 'SUCCEEDED' });
    const leaver = site.members().find(({ type, status }) => type === USER && status === CONFIRMED);
    const owner = site.members().find(({ type, status }) => type === OWNER && status === CONFIRMED);
    if (leaver === undefined || owner === undefined) throw new Error('The fleet lacks a user or an owner.');
    const sentAt = world.clock.now();
    await send(leaver.email, leaver.email, owner.email);
    // Messages that arrive around the end of a window start two runs.
    const begun = runs().filter(({ name }) => name.includes('.messages-'));
    for (const run of begun) await ended(world, run);
    expect(world.clock.now() - sentAt).toBeLessThan(MINUTE_MS);
    expect(site.audit.filter(({ kind }) => kind === 'revoke')).toHaveLength(1);
    expect([statusOf(leaver.id), statusOf(owner.id)]).toEqual([REVOKED, CONFIRMED]);
    expect(world.aws.permissions.denials).toEqual([]);
  });
});

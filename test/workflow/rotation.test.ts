import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';

const RULE = 'weekly';

/** Accounts of five systems without peculiarities. */
const populate = () => {
  const plain = createFleet({ accounts: 60, seed: 7 }).filter(({ kind }) => kind === 'plain');
  return [...new Map(plain.map((account) => [account.systemId, account])).values()].slice(0, 5);
};

describe('a rotation', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 5,
      seed: 7,
      waitScale: 0,
      populate,
      users: [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'account-management', 'system-management'] }],
      configure: (config) =>
        config.setIn(['rotations', RULE], {
          connection: NAMES.connection,
          schedule: { expression: 'rate(7 days)' },
          canary: 1,
          size: 10,
          pauseMinutes: 10,
        }),
    });
    await world.runSync();
    world.clock.advance(3_600_000);
  });
  afterAll(() => world.close());

  const executions = () => {
    const { stepFunctions, template } = world.aws;
    const arns = template.ofType('AWS::StepFunctions::StateMachine').map(({ identity }) => identity.ref);
    return arns.flatMap((arn) => stepFunctions.list(arn));
  };
  /** Advances the clock from wait to wait until every execution has ended, or until something has happened. */
  const settleUntil = async (hasHappened: () => boolean) => {
    const { stepFunctions } = world.aws;
    while (!hasHappened()) {
      const wakes = await Promise.all(executions().map(({ arn }) => stepFunctions.nextWake(arn)));
      const times = wakes.filter((wake) => wake !== undefined);
      if (times.length === 0) return;
      world.clock.advance(Math.max(0, Math.min(...times) - world.clock.now()));
    }
  };

  const settle = () => settleUntil(() => false);

  it('changes all accounts, a canary first, and the sync delivers them', async () => {
    const started = await world.aws.scheduler.fire(`rotate.${RULE}`, world.clock.now());
    if (started.kind !== 'execution') throw new Error('The schedule of the rotation starts no execution.');
    await settle();
    const run = await world.aws.stepFunctions.settled(started.execution.arn);
    expect(run.ending).toMatchObject({ status: 'SUCCEEDED' });
    expect(JSON.parse(run.ending?.status === 'SUCCEEDED' ? String(run.ending.output) : '{}')).toEqual({
      status: 'SUCCEEDED',
      requested: 5,
      rotated: 5,
      failed: 0,
      unknown: 0,
    });
    expect(run.transitions).toBeLessThan(60);

    const values = Object.values(world.aws.secretsManager.currentValues());
    for (const { accountId, credential } of world.vault.accounts()) {
      expect(world.vault.changesOf(accountId)).toBe(1);
      expect(values.filter((value) => value.includes(credential))).toHaveLength(1);
    }
    const changes = world.vault.audit.filter(({ template }) => template === 'ManagedAccounts/{id}/Credentials/Change');
    const [canary = 0, next = 0] = changes.map(({ at }) => at);
    expect(next - canary).toBeGreaterThanOrEqual(10 * 60_000);
    expect(executions().filter(({ name }) => name.startsWith('fleet.rotated-'))).toHaveLength(2);
  });

  it('tests each change once, with few calls', () => {
    const after = world.vault.audit.slice(world.vault.audit.findIndex(({ template }) => template.endsWith('/Change')));
    const count = (template: string) => after.filter((entry) => entry.template === template).length;
    expect(count('ManagedAccounts/{id}/Credentials/Test')).toBe(5);
    expect(count('ManagedAccounts/{id}')).toBeLessThanOrEqual(10);
  });

  it('starts once for a message that arrives twice, and only for the items that it names', async () => {
    const [account] = world.vault.accounts();
    const body = JSON.stringify({
      type: 'rotation.requested',
      rotation: RULE,
      id: 'INC0001',
      items: [{ systemName: account?.systemName, accountName: account?.accountName }],
    });
    await world.aws.queues.send('local-intake', body, body);
    await world.aws.eventSources.drained('local-intake');
    await settle();
    expect(world.vault.accounts().map(({ accountId }) => world.vault.changesOf(accountId))).toEqual([2, 1, 1, 1, 1]);
    const holding = Object.values(world.aws.secretsManager.currentValues()).filter((value) =>
      value.includes(world.vault.credentialOf(account?.accountId ?? 0)),
    );
    expect(holding).toHaveLength(1);
  });

  it('stops by a message during a pause, and changes every account once after the resume', async () => {
    const before = new Map(
      world.vault.accounts().map(({ accountId }) => [accountId, world.vault.changesOf(accountId)]),
    );
    const changed = () =>
      world.vault.accounts().map(({ accountId }) => world.vault.changesOf(accountId) - (before.get(accountId) ?? 0));
    const send = async (message: object): Promise<void> => {
      const body = JSON.stringify({ rotation: RULE, ...message });
      await world.aws.queues.send('local-intake', body, body);
      await world.aws.eventSources.drained('local-intake');
    };
    const ends = () => executions().filter(({ name }) => name.startsWith(`${RULE}.`));
    world.clock.advance(3_600_000);
    await world.aws.scheduler.fire(`rotate.${RULE}`, world.clock.now());
    await settleUntil(() => changed().some((count) => count > 0));
    expect(changed().toSorted()).toEqual([0, 0, 0, 0, 1]);
    world.clock.advance(1000);
    await send({ type: 'rotation.stopped', id: 'INC0002' });
    await settle();
    expect(changed().toSorted()).toEqual([0, 0, 0, 0, 1]);

    // A schedule starts nothing before the resume.
    world.clock.advance(1000);
    await world.aws.scheduler.fire(`rotate.${RULE}`, world.clock.now());
    await settle();
    expect(changed().toSorted()).toEqual([0, 0, 0, 0, 1]);

    await send({ type: 'rotation.resumed', id: 'INC0003' });
    await settle();
    // The message that stops arrives again, and changes nothing.
    await send({ type: 'rotation.stopped', id: 'INC0002' });
    await settle();
    expect(changed()).toEqual([1, 1, 1, 1, 1]);
    const outputs = await Promise.all(
      ends().map(async ({ arn }) => {
        const { ending } = await world.aws.stepFunctions.settled(arn);
        return ending?.status === 'SUCCEEDED' ? JSON.parse(String(ending.output)) : ending;
      }),
    );
    expect(outputs).toEqual(
      expect.arrayContaining([
        { status: 'STOPPED', requested: 5, rotated: 1, failed: 0, unknown: 0 },
        { status: 'SKIPPED', requested: 0, rotated: 0, failed: 0, unknown: 0 },
        { status: 'SUCCEEDED', requested: 5, rotated: 5, failed: 0, unknown: 0 },
      ]),
    );
    const values = Object.values(world.aws.secretsManager.currentValues());
    for (const { credential } of world.vault.accounts()) {
      expect(values.filter((value) => value.includes(credential))).toHaveLength(1);
    }
  });

  it('leaves nothing open, nothing refused and nothing behind', async () => {
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.vault.openSessions()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
    expect(await world.aws.queues.messages('local-intake-refused')).toEqual([]);
    expect(await world.findLeaks()).toEqual([]);
  });
});

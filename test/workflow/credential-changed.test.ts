import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAMES, startWorld, type World } from '#local/world.ts';

const QUEUE = 'local-intake';

describe('messages about changed credentials', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 30,
      seed: 5,
      waitScale: 0,
      configure: (config) => config.setIn(['intake', 'senders'], []),
    });
    await world.runSync();
    world.clock.advance(3_600_000);
  });
  afterAll(() => world.close());

  const plainAccounts = () => world.vault.accounts().filter(({ kind }) => kind === 'plain');
  const sendChanges = async (accounts: readonly { systemName: string; accountName: string }[]): Promise<void> => {
    const bodies = accounts.map(({ systemName, accountName }) =>
      JSON.stringify({
        type: 'credential.changed',
        connection: NAMES.connection,
        item: { systemName, accountName },
      }),
    );
    await world.aws.queues.send(QUEUE, ...bodies);
    await world.aws.eventSources.drained(QUEUE);
  };
  const runs = () => {
    const { stepFunctions, template } = world.aws;
    const arns = template.ofType('AWS::StepFunctions::StateMachine').map(({ identity }) => identity.ref);
    return arns.flatMap((arn) => stepFunctions.list(arn)).filter(({ name }) => name.startsWith('fleet.changed-'));
  };
  /** Advances the clock past the wait of each run, and waits for their ends. */
  const settled = async () => {
    const { stepFunctions } = world.aws;
    for (const { arn } of runs()) {
      const wakesAt = await stepFunctions.nextWake(arn);
      if (wakesAt !== undefined) world.clock.advance(Math.max(0, wakesAt - world.clock.now()));
    }
    return Promise.all(runs().map(({ arn }) => stepFunctions.settled(arn)));
  };
  const reads = () => world.vault.audit.filter(({ kind }) => kind === 'credential').length;

  it('update that account with one read, however many arrive', async () => {
    const [account, other] = plainAccounts();
    if (account === undefined || other === undefined) throw new Error('The fleet has no plain accounts.');
    for (const { accountId } of [account, other]) world.vault.changeCredential(accountId);
    const before = reads();
    await sendChanges(Array.from({ length: 30 }, () => account));
    for (const { status, ending } of await settled()) expect([status, ending]).toMatchObject(['SUCCEEDED', {}]);

    const values = Object.entries(world.aws.secretsManager.currentValues());
    const holding = (accountId: number) => {
      const credential = world.vault.accounts().find((one) => one.accountId === accountId)?.credential ?? '';
      return values.some(([name, value]) => name.startsWith(NAMES.secretPrefix) && value.includes(credential));
    };
    expect(holding(account.accountId)).toBe(true);
    expect(holding(other.accountId)).toBe(false);
    expect(reads() - before).toBe(1);
    expect(runs().length).toBeLessThanOrEqual(2);
  });

  it('of a whole fleet at once share a run', async () => {
    world.clock.advance(3_600_000);
    const accounts = plainAccounts();
    for (const { accountId } of accounts) world.vault.changeCredential(accountId);
    const [runsBefore, readsBefore] = [runs().length, reads()];
    await sendChanges(accounts);
    await settled();
    expect(reads() - readsBefore).toBe(accounts.length);
    expect(runs().length - runsBefore).toBeLessThanOrEqual(2);
  });

  it("cause no loop: changes caused by the relay's own check-ins are ignored", async () => {
    const rotating = world.vault.accounts().filter(({ kind }) => kind === 'rotating');
    expect(rotating.length).toBeGreaterThan(0);
    const before = reads();
    for (let round = 0; round < 3; round += 1) {
      await sendChanges(rotating);
      await settled();
      world.clock.advance(60_000);
    }
    expect(reads() - before).toBe(0);
  });

  it('leave nothing open, nothing refused and nothing behind', async () => {
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
    expect(await world.aws.queues.messages(`${QUEUE}-refused`)).toEqual([]);
    expect(await world.findLeaks()).toEqual([]);
  });
});

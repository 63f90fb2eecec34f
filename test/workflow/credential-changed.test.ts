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
  const tell = async (accounts: readonly { systemName: string; accountName: string }[]): Promise<void> => {
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
  /** Lets the time pass for which each run waits. */
  const settled = async () => {
    const { stepFunctions } = world.aws;
    for (const { arn } of runs()) {
      const wakesAt = await stepFunctions.nextWake(arn);
      if (wakesAt !== undefined) world.clock.advance(Math.max(0, wakesAt - world.clock.now()));
    }
    return Promise.all(runs().map(({ arn }) => stepFunctions.settled(arn)));
  };
  const reads = () => world.vault.audit.filter(({ kind }) => kind === 'credential').length;

  it('bring that account up to date, however often it is told, with one checkout', async () => {
    const [account, other] = plainAccounts();
    if (account === undefined || other === undefined) throw new Error('The fleet has no plain accounts.');
    for (const { accountId } of [account, other]) world.vault.changeCredential(accountId);
    const before = reads();
    await tell(Array.from({ length: 30 }, () => account));
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

  it('of a whole fleet at once share a run, too, as many as come together', async () => {
    world.clock.advance(3_600_000);
    const accounts = plainAccounts();
    for (const { accountId } of accounts) world.vault.changeCredential(accountId);
    const [runsBefore, readsBefore] = [runs().length, reads()];
    await tell(accounts);
    await settled();
    expect(reads() - readsBefore).toBe(accounts.length);
    expect(runs().length - runsBefore).toBeLessThanOrEqual(2);
  });

  it('do not make the relay chase its own tail: what it rotates itself by each check-in is left alone', async () => {
    const rotating = world.vault.accounts().filter(({ kind }) => kind === 'rotating');
    expect(rotating.length).toBeGreaterThan(0);
    const before = reads();
    for (let round = 0; round < 3; round += 1) {
      await tell(rotating);
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

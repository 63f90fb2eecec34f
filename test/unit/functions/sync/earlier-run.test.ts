import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { createHasEarlierRun } from '#functions/sync/plan/earlier-run.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-sync';
const RUN = { rule: 'databases', run: 'databases.2' };
const THROTTLED = Object.assign(new Error('of AWS'), { name: 'ThrottlingException' });
const stepFunctions = mockAws(SFNClient);

describe('the search for an earlier run that still runs', () => {
  it('reads every page of running executions', async () => {
    const at = (second: number) => new Date(second * 1000);
    const row = (name: string, startDate: Date) => ({
      name,
      startDate,
      executionArn: 'x',
      stateMachineArn: MACHINE,
      status: 'RUNNING' as const,
    });
    stepFunctions
      .on(ListExecutionsCommand)
      .resolvesOnce({ executions: [row('databases.2', at(5))], nextToken: 'more' })
      .resolvesOnce({ executions: [row('databases.1', at(4))] });
    expect(await createHasEarlierRun(MACHINE)(RUN)).toBe(true);
  });

  it('fails if the list fails', async () => {
    stepFunctions.on(ListExecutionsCommand).rejects(THROTTLED);
    await expect(createHasEarlierRun(MACHINE)(RUN)).rejects.toMatchObject({
      name: 'StoreUnavailable',
    });
  });

  it('fails if the answer is not from Step Functions', async () => {
    stepFunctions.on(ListExecutionsCommand).resolves({});
    await expect(createHasEarlierRun(MACHINE)(RUN)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

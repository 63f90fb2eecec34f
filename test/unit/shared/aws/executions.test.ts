import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { createExecutions } from '#shared/aws/executions.ts';
import { mockAws } from '#test/support/aws-mock.ts';

const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-checkout';
const executionArn = `${MACHINE.replace('stateMachine', 'execution')}:tickets.7`;
const metadata = { $metadata: {}, message: 'of AWS' };
const THROTTLED = Object.assign(new Error('of AWS'), { name: 'ThrottlingException' });
const stepFunctions = mockAws(SFNClient);

const executions = createExecutions(MACHINE);

describe('starting an execution', () => {
  it('is done under its name, and was done before only when Step Functions says so', async () => {
    stepFunctions
      .on(StartExecutionCommand, { stateMachineArn: MACHINE, name: 'tickets.7', input: '{}' })
      .resolvesOnce({ executionArn: 'x', startDate: new Date() })
      .rejectsOnce(new ExecutionAlreadyExists(metadata));
    expect(await executions.start('tickets.7', '{}')).toBe(true);
    expect(await executions.start('tickets.7', '{}')).toBe(false);
  });

  it.each([
    ['refuses', () => stepFunctions.on(StartExecutionCommand).rejects(THROTTLED), '(ThrottlingException)'],
    ['answers with nothing', () => stepFunctions.on(StartExecutionCommand).resolves({}), '(unexpected answer)'],
  ])('is worth another try when Step Functions %s', async (_what, answer, why) => {
    answer();
    await expect(executions.start('tickets.7', '{}')).rejects.toMatchObject({
      name: 'StoreUnavailable',
      retryable: true,
      message: `Step Functions did not start tickets.7 ${why}.`,
    });
  });
});

describe('finding an execution', () => {
  const stopDate = new Date('2026-01-02T03:04:05Z');

  it.each(['RUNNING', 'PENDING_REDRIVE'] as const)('that is %s goes on, whatever it did before', async (status) => {
    stepFunctions.on(DescribeExecutionCommand, { executionArn }).resolves({ input: '{"a":1}', status, stopDate });
    expect(await executions.find('tickets.7')).toEqual({ input: '{"a":1}', endedAt: undefined });
  });

  it.each(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const)('that is %s has ended', async (status) => {
    stepFunctions.on(DescribeExecutionCommand, { executionArn }).resolves({ input: '{}', status, stopDate });
    expect(await executions.find('tickets.7')).toEqual({ input: '{}', endedAt: stopDate.getTime() });
  });

  it('returns none when Step Functions has none', async () => {
    stepFunctions.on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist(metadata));
    expect(await executions.find('tickets.7')).toBeUndefined();
  });

  it.each([
    ['nothing at all', {}],
    ['no input', { status: 'SUCCEEDED', stopDate } as const],
    ['no status and no end', { input: '{}' }],
    ['an end without its time', { input: '{}', status: 'ABORTED' } as const],
  ])('is an error when the answer says %s', async (_what, answer) => {
    stepFunctions.on(DescribeExecutionCommand).resolves(answer);
    await expect(executions.find('tickets.7')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('is an error when Step Functions does not answer', async () => {
    stepFunctions.on(DescribeExecutionCommand).rejects(THROTTLED);
    await expect(executions.find('tickets.7')).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
  });
});

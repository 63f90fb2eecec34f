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
  it('is done once under its name, and counts as done before only if Step Functions confirms it', async () => {
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
  ])('fails with a retryable error if Step Functions %s', async (_what, answer, why) => {
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

  it.each(['RUNNING', 'PENDING_REDRIVE'] as const)(
    'reports status %s as running, whatever the execution did before',
    async (status) => {
      stepFunctions.on(DescribeExecutionCommand, { executionArn }).resolves({ input: '{"a":1}', status, stopDate });
      expect(await executions.find('tickets.7')).toEqual({ input: '{"a":1}', endedAt: undefined });
    },
  );

  it.each(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const)('reports status %s as ended', async (status) => {
    stepFunctions.on(DescribeExecutionCommand, { executionArn }).resolves({ input: '{}', status, stopDate });
    expect(await executions.find('tickets.7')).toEqual({ input: '{}', endedAt: stopDate.getTime() });
  });

  it('returns none if Step Functions has none', async () => {
    stepFunctions.on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist(metadata));
    expect(await executions.find('tickets.7')).toBeUndefined();
  });

  it.each([
    ['nothing', {}],
    ['no input', { status: 'SUCCEEDED', stopDate } as const],
    ['no status and no end', { input: '{}' }],
    ['an end without its time', { input: '{}', status: 'ABORTED' } as const],
  ])('is an error if the answer contains %s', async (_what, answer) => {
    stepFunctions.on(DescribeExecutionCommand).resolves(answer);
    await expect(executions.find('tickets.7')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('is an error if Step Functions does not answer', async () => {
    stepFunctions.on(DescribeExecutionCommand).rejects(THROTTLED);
    await expect(executions.find('tickets.7')).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
  });
});

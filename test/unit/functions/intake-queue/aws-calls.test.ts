import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createExecutions } from '#functions/intake-queue/executions.ts';
import { createRefuse } from '#functions/intake-queue/refuse.ts';
import { RelayError } from '#shared/errors.ts';

const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-checkout';
const metadata = { $metadata: {}, message: 'of AWS' };
const THROTTLED = Object.assign(new Error('of AWS'), { name: 'ThrottlingException' });
const stepFunctions = mockClient(SFNClient);
const sqs = mockClient(SQSClient);
beforeEach(() => {
  stepFunctions.reset();
  sqs.reset();
});

describe('an execution', () => {
  const executions = createExecutions(MACHINE);

  it('is started under its name, and was there already only when Step Functions says so', async () => {
    stepFunctions
      .on(StartExecutionCommand)
      .resolvesOnce({ executionArn: 'x', startDate: new Date() })
      .rejectsOnce(new ExecutionAlreadyExists(metadata))
      .rejectsOnce(THROTTLED)
      .resolves({ executionArn: undefined, startDate: undefined });
    expect(await executions.start('tickets.7', '{}')).toBe(true);
    expect(stepFunctions.commandCalls(StartExecutionCommand)[0]?.args[0].input).toEqual({
      stateMachineArn: MACHINE,
      name: 'tickets.7',
      input: '{}',
    });
    expect(await executions.start('tickets.7', '{}')).toBe(false);
    await expect(executions.start('tickets.7', '{}')).rejects.toThrow('did not start tickets.7 (ThrottlingException)');
    await expect(executions.start('tickets.7', '{}')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  it('has the input that it was started with, and none when Step Functions knows of none', async () => {
    const executionArn = `${MACHINE.replace('stateMachine', 'execution')}:tickets.7`;
    stepFunctions
      .on(DescribeExecutionCommand, { executionArn })
      .resolvesOnce({ input: '{"a":1}' })
      .rejectsOnce(new ExecutionDoesNotExist(metadata))
      .rejectsOnce(THROTTLED)
      .resolves({});
    expect(await executions.inputOf('tickets.7')).toBe('{"a":1}');
    expect(await executions.inputOf('tickets.7')).toBeUndefined();
    await expect(executions.inputOf('tickets.7')).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true });
    await expect(executions.inputOf('tickets.7')).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('a refused message', () => {
  const refuse = createRefuse('queue');
  const message = { messageId: 'm1', body: '{"type":' };

  it('goes to the dead-letter queue as it came, with a reason that SQS takes', async () => {
    sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
    await refuse(message, new RelayError('MessageInvalid', `["\uFFFE\u0001"]: is not a known key ${'x'.repeat(2000)}`));
    const sent = sqs.commandCalls(SendMessageCommand)[0]?.args[0].input;
    expect(sent).toMatchObject({ QueueUrl: 'queue', MessageBody: message.body });
    expect(sent?.MessageAttributes?.['messageId']?.StringValue).toBe('m1');
    const reason = sent?.MessageAttributes?.['reason']?.StringValue;
    expect(reason).toMatch(/^MessageInvalid: \["\?\?"\]: is not a known key x+$/);
    expect(reason).toHaveLength(1000);
  });

  it('is not put aside unless SQS says so', async () => {
    sqs.on(SendMessageCommand).resolvesOnce({}).rejects(THROTTLED);
    const error = new RelayError('MessageInvalid', 'x');
    await expect(refuse(message, error)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(refuse(message, error)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

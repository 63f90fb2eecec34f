import { describe, expect, it } from 'vitest';
import { failure } from '#local/aws/functions/protocol.ts';
import { intervalOf } from '#local/aws/rate.ts';
import { createScheduler } from '#local/aws/scheduler.ts';
import type { StepFunctions } from '#local/aws/step-functions/step-functions.ts';
import { parseTemplate } from '#local/aws/template/template.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:reap';
const AT = Date.UTC(2026, 10, 22, 3, 0, 0, 250);

const schedules = (target: object, rest: object = {}) => {
  const Properties = {
    Name: 'hourly',
    ScheduleExpression: 'rate(1 hour)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { RoleArn: 'role', ...target },
    ...rest,
  };
  const json = { Resources: { Hourly: { Type: 'AWS::Scheduler::Schedule', Properties } } };
  return parseTemplate({ stackName: 'stack', json, endpoint: 'http://127.0.0.1:1' }).ofType('AWS::Scheduler::Schedule');
};

const record = (target: object, rest: object = {}) => {
  const started: unknown[] = [];
  const invoked: unknown[] = [];
  const start: StepFunctions['start'] = (arn, input, name) => {
    started.push({ arn, name, input: JSON.parse(input) });
    return {
      arn,
      name: name ?? '',
      machineArn: arn,
      input,
      startedAt: 0,
      stoppedAt: undefined,
      status: 'RUNNING',
      ending: undefined,
      transitions: 1,
    };
  };
  const functions = {
    has: (arn: string) => arn === FUNCTION,
    async invoke(arn: string, payload: string) {
      invoked.push({ arn, payload: JSON.parse(payload) });
      return failure('Nothing', 'done');
    },
  };
  return { started, invoked, scheduler: createScheduler(schedules(target, rest), functions, { start }) };
};

describe('a schedule', () => {
  it('starts an execution under a new name each time, with the time at which it was due', async () => {
    const { started, scheduler } = record({
      Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
      Input: JSON.stringify({
        StateMachineArn: 'machine',
        Name: 'fleet.<aws.scheduler.execution-id>',
        Input: JSON.stringify({ at: '<aws.scheduler.scheduled-time>', attempt: '<aws.scheduler.attempt-number>' }),
      }),
    });
    await scheduler.fire('hourly', AT);
    await scheduler.fire('hourly', AT);
    const execution = {
      arn: 'machine',
      name: expect.stringMatching(/^fleet\.[\w-]{8,}$/),
      input: { at: '2026-11-22T03:00:00Z', attempt: '1' },
    };
    expect(started).toEqual([execution, execution]);
    expect(started[0]).not.toEqual(started[1]);
  });

  it('invokes a function', async () => {
    const { invoked, scheduler } = record({ Arn: FUNCTION, Input: '{"from":"<aws.scheduler.schedule-arn>"}' });
    expect(await scheduler.fire('hourly', AT)).toMatchObject({ kind: 'invocation', result: { ok: false } });
    expect(invoked).toEqual([
      { arn: FUNCTION, payload: { from: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/hourly' } },
    ]);
  });

  it('is refused with a target or a property that local mode does not support', () => {
    expect(() => record({ Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage' })).toThrow(/hourly calls .*sendMessage/);
    expect(() => record({ Arn: FUNCTION, EcsParameters: {} })).toThrow(/EcsParameters/);
    // AWS accepts the ARN of a key here, but not its id or its alias alone.
    expect(() => record({ Arn: FUNCTION }, { KmsKeyArn: '11111111-2222-4333-8444-555555555555' })).toThrow(/KmsKeyArn/);
  });

  it('fails with an attribute that EventBridge Scheduler does not have', async () => {
    const { scheduler } = record({ Arn: FUNCTION, Input: '"<aws.scheduler.weather>"' });
    await expect(scheduler.fire('hourly', AT)).rejects.toThrow(/weather/);
  });

  it('fails if it does not exist', async () => {
    await expect(record({ Arn: FUNCTION }).scheduler.fire('daily', AT)).rejects.toThrow(
      'The template has no schedule daily.',
    );
  });
});

describe('the interval of a schedule', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(15 minutes)', 900_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(365 days)', 2 ** 31 - 1],
    ['cron(0 3 * * ? *)', undefined],
  ])('%s', (expression, interval) => {
    expect(intervalOf(expression)).toBe(interval);
  });
});

import { describe, expect, it } from 'vitest';
import { actionsOf, asText, FULL, loadExample, resourcesOf, roleStatements, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));

const scheduleNamed = (name: string) => {
  const [found] = Object.values(template.findResources('AWS::Scheduler::Schedule', { Properties: { Name: name } }));
  return found?.['Properties'];
};

describe('schedules', () => {
  it('start each sync as configured, with its window and time zone', () => {
    expect(scheduleNamed('sync.databases')).toMatchObject({
      ScheduleExpression: 'cron(15 * * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Vienna',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 10 },
    });
  });

  it('exist for each sync, each verification, each comparison, each rotation and its ages, each look, old checkouts, each export, each directory, its comparison and its messages, reap, the sweep and the held tickets', () => {
    const names = Object.values(template.findResources('AWS::Scheduler::Schedule')).map(
      ({ Properties }) => Properties.Name,
    );
    expect(names.toSorted()).toEqual([
      'age.weekly',
      'directory-drift.organization',
      'directory-messages.organization',
      'directory.organization',
      'drift.linux-hosts',
      'export.people-audit',
      'look.servicenow',
      'old-checkouts.vault-hygiene',
      'reap',
      'rotate.weekly',
      'sweep',
      'sync.databases',
      'sync.failover-pairs',
      'sync.ssh-keys',
      'sync.team-secrets',
      'sync.turns',
      'sync.windows-services',
      'verify.databases',
      'wake',
    ]);
  });

  it.each([
    ['sync.databases', 'changes'],
    ['verify.databases', 'verify'],
  ])('%s starts an execution of its sync, named once for each invocation', (name, mode) => {
    const { Arn, Input } = scheduleNamed(name).Target;
    expect(asText(Arn)).toBe('arn:<AWS::Partition>:scheduler:::aws-sdk:sfn:startExecution');
    const call = JSON.parse(asText(Input));
    expect(call).toEqual({
      StateMachineArn: 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:pam-relay-prod-sync',
      Name: 'databases.<aws.scheduler.execution-id>',
      Input: expect.any(String),
    });
    expect(JSON.parse(call.Input)).toEqual({ sync: 'databases', mode, scheduledAt: '<aws.scheduler.scheduled-time>' });
  });

  it('name each report of old checkouts once for each invocation', () => {
    expect(JSON.parse(scheduleNamed('old-checkouts.vault-hygiene').Target.Input)).toEqual({
      rule: 'vault-hygiene',
      run: 'vault-hygiene.<aws.scheduler.execution-id>',
    });
  });

  it('run reap at the configured interval', () => {
    expect(scheduleNamed('reap')).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^UpkeepReapFunction/), 'Arn'] } },
    });
  });

  it('may start their machine and function, use the key of their input, and send failed starts to the queue', () => {
    const statements = roleStatements(template, 'Role of the schedules');
    const short = (text: string) => text.replace(/\w{8}\.Arn>$/, '>');
    const conditionsOf = ({ Condition = {} }: (typeof statements)[number]) =>
      Object.values(Condition).flatMap((keys) =>
        Object.entries(keys).map(([key, value]) => `${key} ${short(asText(value))}`),
      );
    expect(
      statements.map((statement) => [
        actionsOf(statement),
        resourcesOf(statement).map(short),
        ...conditionsOf(statement),
      ]),
    ).toEqual([
      [
        ['states:StartExecution'],
        ['directory', 'drift', 'export', 'rotate', 'sync'].map(
          (machine) =>
            `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:pam-relay-prod-${machine}`,
        ),
      ],
      [
        ['lambda:InvokeFunction'],
        [
          '<IntakeLookFunction>',
          '<IntakeWakeFunction>',
          '<ProvisionSweepFunction>',
          '<RotateAgeFunction>',
          '<UpkeepOldCheckoutsFunction>',
          '<UpkeepReapFunction>',
        ],
      ],
      [['sqs:SendMessage'], ['<SchedulesUndelivered>']],
      [
        ['kms:Decrypt', 'kms:GenerateDataKey'],
        ['<Key>'],
        'kms:ViaService sqs.<AWS::Region>.amazonaws.com',
        'kms:EncryptionContext:aws:sqs:arn <SchedulesUndelivered>',
      ],
      [
        ['kms:Decrypt'],
        ['<Key>'],
        'kms:EncryptionContext:aws:scheduler:schedule:arn arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/pam-relay-prod/*',
      ],
    ]);
  });

  it('keep undelivered starts', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::Scheduler::Schedule'))) {
      expect(Properties.Target).toMatchObject({
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^SchedulesUndelivered/), 'Arn'] } },
        RetryPolicy: { MaximumEventAgeInSeconds: 3600 },
      });
    }
  });
});

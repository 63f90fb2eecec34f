import { describe, expect, it } from 'vitest';
import {
  LIMIT_RETRY,
  OPEN_LIMIT_RETRY,
  OPENING_LIMIT_RETRY,
  type RetryPolicy,
} from '#infra/workflows/retry-policies.ts';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';
import { allStates, FULL, loadExample, machineOf, type StateDefinition, stateOf, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));
const machine = machineOf(template);
const batches = stateOf(machine, 'Batches');
const batch = batches.ItemProcessor ?? machine;

const states = allStates(machine);
const tasks = states.filter(([, { Type }]) => Type === 'Task');

const nextStatesOf = ({ Next, Default, Choices, Catch }: StateDefinition): string[] =>
  [Next, Default, ...Choices.map((choice) => choice.Next), ...Catch.map((caught) => caught.Next)].filter(
    (next) => next !== undefined,
  );

/** Every path through a batch from a state, as lists of names. */
const pathsFrom = (name: string): string[][] => {
  const nextStates = nextStatesOf(stateOf(batch, name));
  return nextStates.length === 0
    ? [[name]]
    : nextStates.flatMap((next) => pathsFrom(next).map((path) => [name, ...path]));
};

describe('the sync workflow', () => {
  it('gives every state a unique name, including those inside the batches', () => {
    expect(new Set(states.map(([name]) => name)).size).toBe(states.length);
  });

  it('times out after a day', () => {
    expect(machine.TimeoutSeconds).toBe(24 * 60 * 60);
  });

  it.each(pathsFrom('Request').map((path) => ({ path })))('checks in on the path $path', ({ path }) => {
    expect(path).toContain('CheckIn');
  });

  it('has more than one path out of a batch', () => {
    expect(pathsFrom('Request').length).toBeGreaterThanOrEqual(6);
  });

  it('catches every error of every task of a batch', () => {
    for (const [name, { Type, Catch }] of Object.entries(batch.States)) {
      if (Type === 'Task')
        expect(
          Catch.flatMap(({ ErrorEquals }) => ErrorEquals),
          name,
        ).toEqual(['States.ALL']);
    }
  });

  it('never lets a batch fail: each ends by passing its number to the report', () => {
    const ends = Object.entries(batch.States).filter(([, state]) => nextStatesOf(state).length === 0);
    expect(ends.map(([name, { Type }]) => [name, Type]).toSorted()).toEqual([
      ['BatchDone', 'Pass'],
      ['BatchFailed', 'Pass'],
      ['BatchLeftOpen', 'Pass'],
    ]);
    for (const [, state] of ends) expect(state).toMatchObject({ Parameters: { 'batch.$': '$.batch' }, End: true });
  });

  it('distinguishes for the report the error that ended a batch from the one that left it open', () => {
    expect(stateOf(batch, 'BatchFailed')['Parameters']).toEqual({ 'batch.$': '$.batch', 'error.$': '$.error.Error' });
    expect(stateOf(batch, 'BatchLeftOpen')['Parameters']).toEqual({
      'batch.$': '$.batch',
      'open.$': '$.checkInError.Error',
    });
  });

  it('continues the other batches after a lost one', () => {
    expect(batches).toMatchObject({ ToleratedFailurePercentage: 100 });
  });

  it('runs batches as child workflows, as many at a time as planned', () => {
    expect(batches).toMatchObject({
      ItemsPath: '$.planned.batches',
      MaxConcurrencyPath: '$.planned.concurrency',
      ItemSelector: {
        'workflow.$': '$.workflow',
        'rule.$': '$.rule',
        'run.$': '$.run',
        'order.$': '$.order',
        'batch.$': '$$.Map.Item.Value',
      },
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
    });
  });

  it.each(['Authenticate', 'Plan', 'Batches'])('reports a run that failed in %s, and fails with its error', (name) => {
    expect(stateOf(machine, name).Catch.map(({ Next }) => Next)).toEqual(['ReportFailure']);
    expect(stateOf(machine, 'ReportFailure')).toMatchObject({ Next: 'RunFailed', ResultPath: null });
    expect(stateOf(machine, 'ReportFailure').Catch).toEqual([
      { ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'RunFailed' },
    ]);
    expect(stateOf(machine, 'RunFailed')).toMatchObject({ ErrorPath: '$.error.Error', CausePath: '$.error.Cause' });
  });

  it.each(tasks)('retries temporary errors in %s, and no error that a person has to resolve', (_, { Retry }) => {
    const retried = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
    expect(ERROR_NAMES.filter((name) => retried.includes(name))).toEqual(ERROR_NAMES.filter(isRetryable));
    expect(retried).not.toContain('States.ALL');
    expect(Retry).toHaveLength(2);
  });

  it('retries the check-in the longest', () => {
    const attempts = (name: string) => stateOf(batch, name).Retry[0];
    expect(attempts('CheckIn')).toMatchObject({ MaxAttempts: 13 });
    expect(attempts('Retrieve')).toMatchObject({ MaxAttempts: 4 });
  });

  it.each(tasks)('waits in %s for a limit, briefly only while leases are open', (name, { Retry }) => {
    const policies: Readonly<Record<string, RetryPolicy>> = {
      Request: OPENING_LIMIT_RETRY,
      Retrieve: OPEN_LIMIT_RETRY,
    };
    const { attempts } = policies[name] ?? LIMIT_RETRY;
    expect(Retry[1]).toMatchObject({ ErrorEquals: LIMIT_RETRY.errors, MaxDelaySeconds: 60, MaxAttempts: attempts });
  });

  it('is logged completely but without data, encrypted, and traced', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'pam-relay-prod-sync',
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

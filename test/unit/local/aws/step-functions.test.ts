import { describe, expect, it } from 'vitest';
import { createClock } from '#local/aws/clock.ts';
import { failure } from '#local/aws/functions/protocol.ts';
import { finish, load, MACHINE, machine, outputOf, task } from './machines.ts';

describe('an execution', () => {
  it('calls the function of each task with the state, and ends with the last result', async () => {
    const loaded = load(machine('One', { One: task('add', { Next: 'Two' }), Two: task('add') }), {
      add: ({ n }) => ({ n: Number(n) + 1 }),
    });
    expect(await outputOf(loaded, { n: 1 })).toEqual({ n: 3 });
  });

  it('has its own name and input in its context', async () => {
    const begin = {
      Type: 'Pass',
      Parameters: { 'run.$': '$$.Execution.Name', 'order.$': '$$.Execution.Input' },
      End: true,
    };
    const loaded = load(machine('Begin', { Begin: begin }));
    const { ending } = await finish(loaded, { sync: 'a' }, 'a.1');
    expect(ending).toEqual({ status: 'SUCCEEDED', output: '{"run":"a.1","order":{"sync":"a"}}' });
  });

  it('has its start time from the clock', async () => {
    const clock = createClock(() => Date.parse('2026-03-01T00:00:00Z'));
    clock.advance(3_600_000);
    const begin = { Type: 'Pass', Parameters: { 'at.$': '$$.Execution.StartTime' }, End: true };
    expect(await outputOf(load(machine('Begin', { Begin: begin }), {}, clock))).toEqual({
      at: '2026-03-01T01:00:00.000Z',
    });
  });

  it('catches by the name of the error, with the cause as Lambda returns it', async () => {
    const states = {
      Work: task('work', {
        Catch: [
          { ErrorEquals: ['Other'], Next: 'Wrong' },
          { ErrorEquals: ['SignInRefused'], ResultPath: '$.error', Next: 'Caught' },
        ],
        Next: 'Wrong',
      }),
      Wrong: { Type: 'Fail' },
      Caught: { Type: 'Pass', End: true },
    };
    const loaded = load(machine('Work', states), { work: () => failure('SignInRefused', 'no', ['at work']) });
    expect(await outputOf(loaded, { kept: 1 })).toEqual({
      kept: 1,
      error: { Error: 'SignInRefused', Cause: '{"errorType":"SignInRefused","errorMessage":"no","trace":["at work"]}' },
    });
  });

  it('fails with the original error in a Fail state', async () => {
    const states = {
      Work: task('work', { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'End' }], Next: 'End' }),
      End: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    };
    const loaded = load(machine('Work', states), { work: () => failure('LicenceRefused', 'expired') });
    const { ending } = await finish(loaded);
    expect(ending).toMatchObject({
      status: 'FAILED',
      error: 'LicenceRefused',
      cause: expect.stringContaining('expired'),
    });
  });

  it('retries as often as the retrier of the error allows', async () => {
    let attempts = 0;
    const Retry = [
      {
        ErrorEquals: ['RateLimited'],
        IntervalSeconds: 10,
        MaxDelaySeconds: 300,
        MaxAttempts: 2,
        JitterStrategy: 'FULL',
      },
    ];
    const loaded = load(machine('Work', { Work: task('work', { Retry, End: true }) }), {
      work: () => {
        attempts += 1;
        return failure('RateLimited', 'later');
      },
    });
    const execution = await finish(loaded);
    expect(execution.ending).toMatchObject({ status: 'FAILED', error: 'RateLimited' });
    expect(attempts).toBe(3);
    expect(execution.transitions).toBe(1 + 3);
  });

  it('does not retry an error that no retrier names', async () => {
    let attempts = 0;
    const Retry = [{ ErrorEquals: ['RateLimited'] }];
    const loaded = load(machine('Work', { Work: task('work', { Retry, End: true }) }), {
      work: () => {
        attempts += 1;
        return failure('NotFound', 'gone');
      },
    });
    await finish(loaded);
    expect(attempts).toBe(1);
  });

  it('fails for an answer or a state above 256 KiB, which no catcher handles', async () => {
    const states = {
      Work: task('work', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }], End: true }),
      Caught: { Type: 'Pass', End: true },
    };
    const big = load(machine('Work', states), { work: () => 'x'.repeat(262_143) });
    expect((await finish(big)).ending).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });

    const double = { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, Next: 'After' };
    const grown = load(machine('Double', { Double: double, After: task('after') }), { after: () => 1 });
    expect((await finish(grown, 'x'.repeat(200_000))).ending).toMatchObject({ error: 'States.DataLimitExceeded' });
  });

  it('can be stopped', async () => {
    const loaded = load(machine('Work', { Work: task('work') }), { work: () => new Promise(() => {}) });
    const execution = loaded.start(MACHINE, '{}');
    expect(execution.status).toBe('RUNNING');
    loaded.stop(execution.arn);
    expect((await loaded.settled(execution.arn)).status).toBe('ABORTED');
  });

  it('ends at the timeout of the machine', async () => {
    const loaded = load(machine('Work', { Work: task('work') }, { TimeoutSeconds: 1 }), {
      work: () => new Promise(() => {}),
    });
    const { status, arn } = await finish(loaded);
    expect(status).toBe('TIMED_OUT');
    expect(loaded.history(arn).at(-1)).toMatchObject({ type: 'ExecutionTimedOut' });
  });

  it('writes a history in the format of AWS', async () => {
    const loaded = load(machine('Work', { Work: task('work') }), { work: () => ({ done: true }) });
    const { arn } = await finish(loaded, { n: 1 });
    expect(loaded.history(arn)).toMatchObject([
      { id: 1, type: 'ExecutionStarted', executionStartedEventDetails: { input: '{"n":1}' } },
      { id: 2, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Work', input: '{"n":1}' } },
      { id: 3, type: 'TaskStateExited', stateExitedEventDetails: { name: 'Work', output: '{"done":true}' } },
      { id: 4, type: 'ExecutionSucceeded', executionSucceededEventDetails: { output: '{"done":true}' } },
    ]);
  });
});

describe('starting', () => {
  const hanging = () =>
    load(machine('Work', { Work: task('work') }), {
      work: (input) => ('hang' in input ? new Promise(() => {}) : 1),
    });

  it('finds the running execution of the same name and input', () => {
    const loaded = hanging();
    const first = loaded.start(MACHINE, '{"hang":1}', 'a.1');
    expect(loaded.start(MACHINE, '{"hang":1}', 'a.1')).toBe(first);
    expect(loaded.list(MACHINE)).toHaveLength(1);
  });

  it('refuses the name of a running execution with another input, and of any that has ended', async () => {
    const loaded = hanging();
    loaded.start(MACHINE, '{"hang":1}', 'a.1');
    expect(() => loaded.start(MACHINE, '{"hang":2}', 'a.1')).toThrow(/Already Exists/);
    await finish(loaded, {}, 'a.2');
    expect(() => loaded.start(MACHINE, '{}', 'a.2')).toThrow(/Already Exists/);
  });

  it('generates a name if none is given', () => {
    const loaded = hanging();
    expect(loaded.start(MACHINE, '{"hang":1}').name).not.toBe(loaded.start(MACHINE, '{"hang":1}').name);
  });

  it.each(['', 'a b', 'a:b', 'a/b', '<a>', 'x'.repeat(81), 'a\n'])('refuses the name %j', (name) => {
    expect(() => hanging().start(MACHINE, '{}', name)).toThrow(expect.objectContaining({ name: 'InvalidName' }));
  });

  it('refuses an input that is not JSON, or is too large', () => {
    const invalid = expect.objectContaining({ name: 'InvalidExecutionInput' });
    expect(() => hanging().start(MACHINE, '{')).toThrow(invalid);
    expect(() => hanging().start(MACHINE, JSON.stringify('x'.repeat(262_143)))).toThrow(invalid);
  });
});

describe('a distributed Map', () => {
  const mapping = (rest: object = {}, child: object = task('child')) =>
    machine('Each', {
      Each: {
        Type: 'Map',
        ItemsPath: '$.items',
        MaxConcurrencyPath: '$.concurrency',
        ItemSelector: { 'n.$': '$$.Map.Item.Value', 'at.$': '$$.Map.Item.Index', 'run.$': '$.run' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Child',
          States: { Child: child },
        },
        ResultPath: '$.results',
        End: true,
        ...rest,
      },
    });
  const input = { items: [10, 20, 30], concurrency: 2, run: 'r' };

  it('runs a child for each item, and returns the results in order', async () => {
    const loaded = load(mapping(), { child: (item) => item });
    expect(await outputOf(loaded, input)).toEqual({
      ...input,
      results: [
        { n: 10, at: 0, run: 'r' },
        { n: 20, at: 1, run: 'r' },
        { n: 30, at: 2, run: 'r' },
      ],
    });
  });

  it('runs at most the configured number of children concurrently', async () => {
    let [running, most] = [0, 0];
    const loaded = load(mapping(), {
      child: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
      },
    });
    await finish(loaded, { ...input, items: [1, 2, 3, 4, 5, 6] });
    expect(most).toBe(2);
  });

  it('counts the transitions of its children, and one start for each', async () => {
    const loaded = load(mapping(), { child: () => 1 });
    expect((await finish(loaded, input)).transitions).toBe(1 + 1 + 3 * (1 + 1));
  });

  const failingSecond = { child: ({ n }: Record<string, unknown>) => (n === 20 ? failure('Lost', 'gone') : n) };

  it('fails if a child fails and failures are not tolerated', async () => {
    const loaded = load(mapping(), failingSecond);
    expect((await finish(loaded, input)).ending).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
  });

  it('omits failed children that are tolerated', async () => {
    const loaded = load(mapping({ ToleratedFailurePercentage: 100 }), failingSecond);
    expect(await outputOf(loaded, input)).toMatchObject({ results: [10, 30] });
  });

  it('starts no more children once it is stopped', async () => {
    let started = 0;
    const begun = Promise.withResolvers<void>();
    const loaded = load(mapping(), {
      child: () => {
        started += 1;
        begun.resolve();
        return new Promise(() => {});
      },
    });
    const { arn } = loaded.start(MACHINE, JSON.stringify(input));
    await begun.promise;
    loaded.stop(arn);
    await loaded.settled(arn);
    expect(started).toBeLessThanOrEqual(2);
  });

  it('is a Map in the history', async () => {
    const loaded = load(mapping(), { child: () => 1 });
    const { arn } = await finish(loaded, input);
    expect(loaded.history(arn).map(({ type }) => type)).toContain('MapStateEntered');
  });
});

describe('a definition', () => {
  const refused: [string, string][] = [
    ['leads nowhere', machine('Gone', { Work: task('work') })],
    ['uses JSONata', machine('Work', { Work: task('work') }, { QueryLanguage: 'JSONata' })],
    ['waits for a heartbeat', machine('Work', { Work: task('work', { HeartbeatSeconds: 5, End: true }) })],
    ['waits until a date', machine('Wait', { Wait: { Type: 'Wait', TimestampPath: '$.at', End: true } })],
    ['waits for two things', machine('Wait', { Wait: { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true } })],
    ['sets variables', machine('Work', { Work: task('work', { Assign: { a: 1 }, End: true }) })],
    ['leaves a task without a timeout', machine('Work', { Work: { ...task('work'), TimeoutSeconds: undefined } })],
    [
      'writes its result over everything by path',
      machine('Work', { Work: task('work', { ResultPath: '$', End: true }) }),
    ],
    ['calls a service', machine('Work', { Work: { ...task('work'), Resource: 'arn:aws:states:::sns:publish' } })],
    ['calls a function that is not there', machine('Work', { Work: task('other') })],
    [
      'asks for a time that is not virtual',
      machine('Now', { Now: { Type: 'Pass', Parameters: { 'at.$': '$$.State.EnteredTime' }, End: true } }),
    ],
    [
      'tests for absence without Not',
      machine('If', {
        If: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: false, Next: 'End' }], Default: 'End' },
        End: { Type: 'Succeed' },
      }),
    ],
    [
      'runs a Map inline',
      machine('Each', {
        Each: { Type: 'Map', ItemProcessor: { StartAt: 'Child', States: { Child: task('work') } }, End: true },
      }),
    ],
  ];
  it.each(refused)('that %s is refused', (_, definition) => {
    expect(() => load(definition, { work: () => 1 })).toThrow(/machine/i);
  });
});

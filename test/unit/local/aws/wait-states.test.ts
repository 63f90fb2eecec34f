import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Clock, createClock } from '#local/aws/clock.ts';
import type { StepFunctions } from '#local/aws/step-functions/step-functions.ts';
import { load, MACHINE, machine, task } from './machines.ts';

const START = Date.parse('2026-03-01T00:00:00Z');
const DAY_SECONDS = 86_400;

/** Only moves on command. */
let clock: Clock;
beforeEach(() => {
  clock = createClock(() => START);
});

const waiting = (wait: object, rest: object = {}) =>
  machine('Wait', { Wait: { Type: 'Wait', ...wait, Next: 'Work' }, Work: task('work') }, rest);

const begin = (definition: string, input: object = {}) => {
  const loaded = load(definition, { work: (given) => given }, clock);
  return { loaded, arn: loaded.start(MACHINE, JSON.stringify(input)).arn };
};

/** Moves the clock to the moment at which the execution continues, and returns the seconds until then. */
const skip = async (loaded: StepFunctions, arn: string): Promise<number | undefined> => {
  const wake = await loaded.nextWake(arn);
  if (wake === undefined) return undefined;
  const milliseconds = wake - clock.now();
  clock.advance(milliseconds);
  return milliseconds / 1000;
};

describe('a Wait state', () => {
  it('depends only on the clock, and passes its input on', async () => {
    const { loaded, arn } = begin(waiting({ Seconds: 60 * DAY_SECONDS }), { kept: 1 });
    expect(await skip(loaded, arn)).toBe(60 * DAY_SECONDS);
    expect((await loaded.settled(arn)).ending).toEqual({ status: 'SUCCEEDED', output: '{"kept":1}' });
    expect(await loaded.nextWake(arn)).toBeUndefined();
  });

  it('waits as long as its state defines', async () => {
    const { loaded, arn } = begin(waiting({ SecondsPath: '$.watched.seconds' }), { watched: { seconds: 99_999_999 } });
    expect(await skip(loaded, arn)).toBe(99_999_999);
    expect((await loaded.settled(arn)).status).toBe('SUCCEEDED');
  });

  it('continues immediately if there is nothing to wait for', async () => {
    const { loaded, arn } = begin(waiting({ SecondsPath: '$.seconds' }), { seconds: 0 });
    expect((await loaded.settled(arn)).status).toBe('SUCCEEDED');
  });

  it.each([-1, 1.5, 100_000_000, '1', null])('fails for %j seconds', async (seconds) => {
    const { loaded, arn } = begin(waiting({ SecondsPath: '$.seconds' }), { seconds });
    expect((await loaded.settled(arn)).ending).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  it('ends immediately when the execution is stopped', async () => {
    const { loaded, arn } = begin(waiting({ Seconds: DAY_SECONDS }));
    await loaded.nextWake(arn);
    loaded.stop(arn);
    expect((await loaded.settled(arn)).status).toBe('ABORTED');
    expect(loaded.history(arn).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionAborted',
    ]);
  });

  it('keeps no process alive once the execution is stopped', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const { loaded, arn } = begin(waiting({ Seconds: DAY_SECONDS }));
    await loaded.nextWake(arn);
    loaded.stop(arn);
    await loaded.settled(arn);
    await setImmediate();
    expect(timers()).toBe(before);
  });

  it('is a Wait in the history, and counts as one transition', async () => {
    const { loaded, arn } = begin(waiting({ Seconds: 1 }));
    await skip(loaded, arn);
    expect((await loaded.settled(arn)).transitions).toBe(1 + 2);
    expect(loaded.history(arn).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'WaitStateExited',
      'TaskStateEntered',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('ends at the timeout of the machine, even after a year', async () => {
    const { loaded, arn } = begin(waiting({ Seconds: 99_999_999 }, { TimeoutSeconds: 366 * DAY_SECONDS }));
    await loaded.nextWake(arn);
    clock.advance(366 * DAY_SECONDS * 1000);
    expect((await loaded.settled(arn)).status).toBe('TIMED_OUT');
    expect(loaded.history(arn).at(-1)).toMatchObject({ type: 'ExecutionTimedOut' });
  });

  it('can be repeated by a choice', async () => {
    const states = {
      Watch: task('watch', { ResultPath: '$.watched', Next: 'Over' }),
      Over: {
        Type: 'Choice',
        Choices: [{ Variable: '$.watched.next', StringEquals: 'wait', Next: 'Wait' }],
        Default: 'End',
      },
      Wait: { Type: 'Wait', SecondsPath: '$.watched.waitSeconds', Next: 'Watch' },
      End: { Type: 'Succeed' },
    };
    let looks = 0;
    const watch = () => {
      looks += 1;
      return looks < 4 ? { next: 'wait', waitSeconds: looks * DAY_SECONDS } : { next: 'report' };
    };
    const loaded = load(machine('Watch', states), { watch }, clock);
    const { arn } = loaded.start(MACHINE, '{}');
    const waits: (number | undefined)[] = [];
    do waits.push(await skip(loaded, arn));
    while (waits.at(-1) !== undefined);
    expect(waits).toEqual([DAY_SECONDS, 2 * DAY_SECONDS, 3 * DAY_SECONDS, undefined]);
    expect(loaded.get(arn)).toMatchObject({ status: 'SUCCEEDED', transitions: 1 + 4 + 4 + 3 + 1 });
  });
});

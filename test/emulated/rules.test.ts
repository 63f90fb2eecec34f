import { ExecutionAlreadyExists } from '@aws-sdk/client-sfn';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLOSING_RETRY, DEFAULT_RETRY, OPEN_LIMIT_RETRY } from '#infra/workflows/retry-policies.ts';
import { ERROR_NAMES, isRetryable } from '#shared/errors.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { startInterpreter } from './support/interpreter.ts';
import { caught, does, fails, type Override, script } from './support/script.ts';
import { impatientDefinition, syncDefinition } from './support/sync-machine.ts';

const interpreter = await startInterpreter();
const machine = await interpreter.createMachine('sync', syncDefinition());
afterAll(() => interpreter.close());

/** The interpreter uses a thread for each active state, which limits the parallel runs. */
const AT_A_TIME = 16;
const ORDER = { sync: 'databases', items: 'all', mode: 'changes', retryParked: false };
/** The part of the input that every step of a run receives. */
const RUN = {
  workflow: 'sync',
  rule: 'databases',
  run: expect.stringMatching(/^databases\.\d+$/),
  order: ORDER,
};
let runs = 0;
const run = async (override?: Override, machineArn = machine) => {
  runs += 1;
  const played = script(override);
  const ended = await interpreter.ended(await interpreter.start(machineArn, `databases.${runs}`, ORDER, played.answer));
  return { ...played, ...ended };
};

/** Errors of Lambda and Step Functions for a function that could not report its own. */
const CRASHES = ['Lambda.Unknown', 'Runtime.ExitError', 'Sandbox.Timedout'];
/** Unforeseen errors, such as a bundle that does not load. */
const UNFORESEEN = ['Runtime.ImportModuleError', 'TypeError'];
const FAILURES = [
  // A step waits for a limit, and for the concurrency of Lambda, as long as the machine runs.
  ...ERROR_NAMES.filter((error) => error !== 'LimitReached').map((error) => ({
    error,
    isTemporary: isRetryable(error),
  })),
  ...CRASHES.map((error) => ({ error, isTemporary: true })),
  ...UNFORESEEN.map((error) => ({ error, isTemporary: false })),
];

describe('a batch', () => {
  const FAILING_STATES = [
    { state: 'AuthenticateBatch', step: 'authenticate', before: [], after: [] },
    { state: 'Request', step: 'request', before: ['authenticate'], after: ['checkin'] },
    { state: 'Retrieve', step: 'retrieve', before: ['authenticate', 'request'], after: ['checkin'] },
    { state: 'CheckIn', step: 'checkin', before: ['authenticate', 'request', 'retrieve'], after: [] },
  ] as const;
  /** Each run has one batch for each state, which fails there. */
  const runsByError = new Map<string, Awaited<ReturnType<typeof run>>>();
  beforeAll(async () => {
    const play = async ({ error }: (typeof FAILURES)[number]) => {
      const played = await run((step, { batch }) => {
        if (step === 'plan')
          return does({
            status: 'planned',
            batches: FAILING_STATES.map((_, n) => n),
            concurrency: FAILING_STATES.length,
          });
        return batch !== undefined && FAILING_STATES[batch]?.step === step ? fails(error) : undefined;
      });
      runsByError.set(error, played);
    };
    await pMap(FAILURES, play, { concurrency: AT_A_TIME });
  });
  const runWith = (error: string) => {
    const played = runsByError.get(error);
    if (played === undefined) throw new Error(`No run failed with ${error}.`);
    return played;
  };

  describe.each(FAILURES)('that fails with $error', ({ error, isTemporary }) => {
    it.each(FAILING_STATES.map((way, batch) => ({ ...way, batch })))(
      'at $state is retried while that can help, and checked in if anything can be open',
      ({ step, before, after, batch }) => {
        const attempts = isTemporary ? 1 + (step === 'checkin' ? CLOSING_RETRY : DEFAULT_RETRY).attempts : 1;
        const called: string[] = [...before, ...Array<string>(attempts).fill(step), ...after];
        expect(runWith(error).stepsOf(batch)).toEqual(called);
      },
    );

    it.each(
      FAILING_STATES.flatMap(({ state, step, after }, batch) => (after.length === 0 ? [] : [{ state, step, batch }])),
    )('at $state passes the known leases and the error to CheckIn', ({ step, batch }) => {
      const [payload] = runWith(error).payloadsOf('checkin', batch);
      expect(syncSteps.checkin.input.parse(payload)).toEqual({
        ...RUN,
        batch,
        error: caught(error),
        ...(step === 'retrieve' && { requested: expect.objectContaining({ leases: [expect.anything()] }) }),
      });
    });

    it('at any state never fails the run, and is reported in order', () => {
      const played = runWith(error);
      expect(played).toMatchObject({
        status: 'SUCCEEDED',
        states: ['Begin', 'MayBegin', 'Authenticate', 'Plan', 'AnythingToDo', 'Batches', 'Report'],
      });
      // A failure of CheckIn leaves the batch open, and is not the error of the batch.
      const batchEnds = FAILING_STATES.map(({ step }, batch) => ({
        batch,
        [step === 'checkin' ? 'open' : 'error']: error,
      }));
      expect(played.payloadsOf('report')).toMatchObject([{ batchEnds }]);
    });
  });

  it('that succeeds passes the results of both earlier steps to CheckIn', async () => {
    const { payloadsOf, stepsOf } = await run();
    expect(stepsOf(0)).toEqual(['authenticate', 'request', 'retrieve', 'checkin']);
    expect(syncSteps.checkin.input.parse(payloadsOf('checkin', 0)[0])).toMatchObject({
      requested: { leases: [{ id: '7' }] },
      retrieved: { settled: [{ outcome: 'delivered' }] },
    });
    expect(payloadsOf('report')).toMatchObject([{ batchEnds: [{ batch: 0 }] }]);
  });

  it('that fails and cannot be checked in either reports the error that leaves it open', async () => {
    const { payloadsOf } = await run((step) => {
      if (step === 'retrieve') return fails('StoreDenied');
      return step === 'checkin' ? fails('PermissionMissing') : undefined;
    });
    expect(payloadsOf('report')).toMatchObject([{ batchEnds: [{ batch: 0, open: 'PermissionMissing' }] }]);
  });

  it('whose function never answers times out, and is checked in', async () => {
    const withShortTimeouts = await interpreter.createMachine('impatient', impatientDefinition(2));
    const never = new Promise<never>(() => {});
    const { status, payloadsOf } = await run((step) => (step === 'retrieve' ? never : undefined), withShortTimeouts);
    expect(status).toBe('SUCCEEDED');
    expect(payloadsOf('retrieve', 0)).toHaveLength(1 + DEFAULT_RETRY.attempts);
    expect(payloadsOf('checkin', 0)).toMatchObject([{ error: { Error: 'States.Timeout' } }]);
    expect(payloadsOf('report')).toMatchObject([{ batchEnds: [{ batch: 0, error: 'States.Timeout' }] }]);
  });
});

describe('the map', () => {
  it('runs as many batches at a time as planned, each with its own number', async () => {
    const open = new Set<number>();
    let most = 0;
    const played = await run((step, { batch }) => {
      if (step === 'plan') return does({ status: 'planned', batches: [3, 1, 4, 15, 9, 2], concurrency: 2 });
      if (batch === undefined) return undefined;
      if (step === 'authenticate') open.add(batch);
      most = Math.max(most, open.size);
      if (step === 'checkin') open.delete(batch);
      return undefined;
    });
    expect(most).toBe(2);
    expect(played.payloadsOf('report')).toMatchObject([{ batchEnds: [3, 1, 4, 15, 9, 2].map((batch) => ({ batch })) }]);
    for (const batch of [3, 1, 4, 15, 9, 2]) {
      expect(played.payloadsOf('authenticate', batch)).toEqual([{ ...RUN, batch }]);
    }
  });
});

describe('a run', () => {
  it.each([
    ['has nothing to do', { status: 'planned', batches: [], concurrency: 1 }],
    ['finds its predecessor still running', { status: 'skipped', batches: [], concurrency: 1 }],
  ])('that %s goes directly to its report', async (_what, planned) => {
    const played = await run((step) => (step === 'plan' ? does(planned) : undefined));
    expect(played.states).toEqual(['Begin', 'MayBegin', 'Authenticate', 'Plan', 'AnythingToDo', 'Report']);
    expect(played).toMatchObject({ status: 'SUCCEEDED', output: { status: 'SUCCEEDED' } });
    expect(played.payloadsOf('report')).toMatchObject([{ planned }]);
  });

  describe.each([
    ['Authenticate', 'authenticate', ['Begin', 'MayBegin', 'Authenticate']],
    ['Plan', 'plan', ['Begin', 'MayBegin', 'Authenticate', 'Plan']],
  ] as const)('whose %s fails', (_state, failing, entered) => {
    it.concurrent.each([
      ['SignInRefused', 1],
      ['StoreDenied', 1],
      ['TypeError', 1],
      ['VaultUnavailable', 1 + DEFAULT_RETRY.attempts],
      ['Runtime.ExitError', 1 + DEFAULT_RETRY.attempts],
    ])('with %s calls it %i times, reports, and fails with it', async (error, attempts) => {
      const played = await run((step) => (step === failing ? fails(error) : undefined));
      expect(played).toMatchObject({ status: 'FAILED', error, cause: caught(error).Cause });
      expect(played.states).toEqual([...entered, 'ReportFailure', 'RunFailed']);
      expect(played.payloadsOf(failing)).toHaveLength(attempts);
      expect(played.payloadsOf('report')).toMatchObject([{ error: caught(error) }]);
    });
  });

  it('that can neither plan nor report fails with the first error', async () => {
    const override: Override = (step) => {
      if (step === 'plan') return fails('StoreDenied');
      return step === 'report' ? fails('ContractViolated') : undefined;
    };
    const played = await run(override);
    expect(played).toMatchObject({ status: 'FAILED', error: 'StoreDenied' });
    expect(played.states).toEqual(['Begin', 'MayBegin', 'Authenticate', 'Plan', 'ReportFailure', 'RunFailed']);
  });

  it('whose failure is temporary continues', async () => {
    let left = 2;
    const played = await run((step) => {
      if (step !== 'plan' || left === 0) return undefined;
      left -= 1;
      return fails('VaultUnavailable');
    });
    expect(played).toMatchObject({
      status: 'SUCCEEDED',
      states: ['Begin', 'MayBegin', 'Authenticate', 'Plan', 'AnythingToDo', 'Batches', 'Report'],
    });
    expect(played.payloadsOf('plan')).toHaveLength(3);
    expect(played.payloadsOf('report')[0]).not.toHaveProperty('error');
  });

  it('waits for a limit longer than for any failure, and continues', async () => {
    const refusals = CLOSING_RETRY.attempts + 2;
    let left = refusals;
    const played = await run((step) => (step === 'request' && left-- > 0 ? fails('LimitReached') : undefined));
    expect(played.status).toBe('SUCCEEDED');
    expect(played.payloadsOf('request', 0)).toHaveLength(refusals + 1);
    expect(played.payloadsOf('report')).toMatchObject([{ batchEnds: [{ batch: 0 }] }]);
  });

  it('checks in what it opened if a limit leaves no room to read it', async () => {
    const played = await run((step) => (step === 'retrieve' ? fails('LimitReached') : undefined));
    expect(played.payloadsOf('retrieve', 0)).toHaveLength(1 + OPEN_LIMIT_RETRY.attempts);
    expect(played.payloadsOf('checkin', 0)).toHaveLength(1);
    expect(played.payloadsOf('report')).toMatchObject([{ batchEnds: [{ batch: 0, error: 'LimitReached' }] }]);
  });

  it('whose report fails ends with that error', async () => {
    const played = await run((step) => (step === 'report' ? fails('StoreDenied') : undefined));
    expect(played).toMatchObject({ status: 'FAILED', error: 'StoreDenied' });
    expect(played.states.at(-1)).toBe('Report');
  });
});

describe('starting twice', () => {
  const begin = async (name: string) => {
    const { promise: held, resolve } = Promise.withResolvers<ReturnType<typeof does>>();
    const played = script((step, { batch }) => (step === 'authenticate' && batch === undefined ? held : undefined));
    const start = (order: object) => interpreter.start(machine, name, order, played.answer);
    return { ...played, arn: await start(ORDER), start, release: () => resolve(does({})) };
  };

  it('under one name with one order starts once, while it runs', async () => {
    const { arn, start, release, payloadsOf } = await begin('databases.2026-03-01T00:00:00Z');
    expect(await start(ORDER)).toBe(arn);
    release();
    expect(await interpreter.ended(arn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(payloadsOf('plan')).toHaveLength(1);
  });

  it('under one name with another order is refused', async () => {
    const { arn, start, release } = await begin('databases.2026-03-01T01:00:00Z');
    await expect(start({ ...ORDER, mode: 'verify' })).rejects.toBeInstanceOf(ExecutionAlreadyExists);
    release();
    await interpreter.ended(arn);
  });

  it('under the name of a run that has ended is refused', async () => {
    const { arn, start, release } = await begin('databases.2026-03-01T02:00:00Z');
    release();
    await interpreter.ended(arn);
    await expect(start(ORDER)).rejects.toBeInstanceOf(ExecutionAlreadyExists);
  });
});

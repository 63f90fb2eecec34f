import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCloseAbandoned } from '#functions/reap/close-abandoned.ts';
import { createStartRelease } from '#functions/reap/start-release.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import { NOW, RUN } from '#test/support/checkouts.ts';
import { memoryNotes } from '#test/support/fakes.ts';

const UNKNOWN = new RelayError('StoreUnavailable', 'no answer');

describe('closing abandoned checkouts', () => {
  let notes: ReturnType<typeof memoryNotes>;
  beforeEach(async () => {
    notes = memoryNotes();
    for (const run of ['tickets.1', 'tickets.2', 'tickets.3']) await notes.put(checkoutAt.open('tickets', run));
  });
  const close = (
    hasEnded: (run: string) => Promise<boolean>,
    startRelease = vi.fn(async (_checkout: string, _run: string) => {}),
  ) => ({
    closed: createCloseAbandoned({ notes, hasEnded, startRelease })(),
    startRelease,
  });

  it('releases what has ended and is still open, and nothing that runs', async () => {
    const { closed, startRelease } = close(async (run) => run !== 'tickets.2');
    expect(await closed).toEqual({ abandoned: 2, failures: [] });
    expect(startRelease.mock.calls).toEqual([
      ['tickets', 'tickets.1'],
      ['tickets', 'tickets.3'],
    ]);
  });

  it('does not take for ended what it can not know of, and goes on with the others', async () => {
    const { closed, startRelease } = close(async (run) => {
      if (run === 'tickets.1') throw UNKNOWN;
      return true;
    });
    expect(await closed).toMatchObject({ abandoned: 2, failures: [UNKNOWN] });
    expect(startRelease).toHaveBeenCalledTimes(2);
  });

  it('tells of a release that did not start, and goes on with the others', async () => {
    const startRelease = vi.fn(async () => {}).mockRejectedValueOnce(UNKNOWN);
    const { closed } = close(async () => true, startRelease);
    expect(await closed).toEqual({ abandoned: 3, failures: [UNKNOWN] });
    expect(startRelease).toHaveBeenCalledTimes(3);
  });

  it('leaves the note to the release, which takes it away once all is closed', async () => {
    await close(async () => true).closed;
    expect(notes.keys.size).toBe(3);
  });

  it('looks at nothing but the notes of open checkouts', async () => {
    await notes.put('open/unreadable');
    await notes.put('checkouts/tickets/tickets.9/released');
    const { closed, startRelease } = close(async () => true);
    expect(await closed).toMatchObject({ abandoned: 3 });
    expect(startRelease).toHaveBeenCalledTimes(3);
  });
});

describe('the key of an open checkout', () => {
  it('says which one it is, whatever its id', () => {
    const rule = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
    const id = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,47}$/);
    fc.assert(
      fc.property(rule, id, (checkout, one) => {
        const run = `${checkout}.${one}`;
        expect(readOpenKey(checkoutAt.open(checkout, run))).toEqual({ checkout, run });
      }),
    );
  });

  it.each(['open/', 'open/tickets', 'open/tickets/a/b', 'closed/tickets/a', 'open/Tickets/a'])('is not %s', (key) => {
    expect(readOpenKey(key)).toBeUndefined();
  });
});

describe('starting the release of an abandoned checkout', () => {
  const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-release';
  const stepFunctions = mockClient(SFNClient);
  beforeEach(() => {
    stepFunctions.reset();
  });
  const nameAt = async (now: number, run = RUN): Promise<string | undefined> => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: 'x' });
    await createStartRelease(MACHINE, () => now)('tickets', run);
    return stepFunctions.commandCalls(StartExecutionCommand).at(-1)?.args[0].input.name;
  };

  it('says which checkout it is about, and that nobody asked for its end', async () => {
    await nameAt(NOW);
    expect(stepFunctions.commandCalls(StartExecutionCommand)[0]?.args[0].input).toMatchObject({
      stateMachineArn: MACHINE,
      input: '{"type":"checkout.abandoned","checkout":"tickets","id":"CHG1"}',
    });
  });

  it('has one name for an hour, and another for every other checkout and hour', async () => {
    const name = await nameAt(NOW);
    expect(await nameAt(NOW + 3_599_999)).toBe(name);
    expect(await nameAt(NOW + 3_600_000)).not.toBe(name);
    expect(await nameAt(NOW, `${RUN}0`)).not.toBe(name);
  });

  it('has a name that Step Functions takes, however long the id', async () => {
    expect(await nameAt(NOW, `tickets.${'x'.repeat(48)}`)).toMatch(/^[\w.-]{1,80}$/);
  });

  it('is content when it was started before', async () => {
    stepFunctions.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ $metadata: {}, message: 'of AWS' }));
    await expect(createStartRelease(MACHINE, () => NOW)('tickets', RUN)).resolves.toBeUndefined();
  });

  it.each([
    ['refuses', () => stepFunctions.on(StartExecutionCommand).rejects(new Error('of AWS'))],
    ['answers with nothing', () => stepFunctions.on(StartExecutionCommand).resolves({})],
  ])('is tried again when Step Functions %s', async (_what, answer) => {
    answer();
    await expect(createStartRelease(MACHINE, () => NOW)('tickets', RUN)).rejects.toMatchObject({
      name: 'StoreUnavailable',
      retryable: true,
    });
  });
});

import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCloseAbandoned } from '#functions/upkeep/reap/close-abandoned.ts';
import { createStartRelease } from '#functions/upkeep/reap/start-release.ts';
import { name as nameOfRule } from '#shared/config/schema/fields.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutAt, readOpenKey } from '#shared/records/checkout-record.ts';
import { signalAt } from '#shared/records/signals.ts';
import { type Run, runSchema } from '#shared/workflows/run.ts';
import { CHECKOUT, identityOf, NOW, OTHER_CHECKOUT } from '#test/support/checkouts.ts';
import { memorySignals } from '#test/support/fakes.ts';

const UNKNOWN = new RelayError('StoreUnavailable', 'no answer');

describe('closing abandoned checkouts', () => {
  let signals: ReturnType<typeof memorySignals>;
  beforeEach(async () => {
    signals = memorySignals();
    for (const run of ['tickets.1', 'tickets.2', 'tickets.3'])
      await signals.put(checkoutAt.open({ rule: 'tickets', run }));
  });
  const close = (
    endedAt: (run: Pick<Run, 'workflow' | 'run'>) => Promise<number | undefined>,
    startRelease = vi.fn(async (_abandoned: object) => {}),
  ) => ({
    closed: createCloseAbandoned({ signals, endedAt, startRelease, now: () => NOW })(),
    startRelease,
  });
  const longAgo = async () => 0;

  it('releases checkouts that have ended and are still open, and no running checkout', async () => {
    const { closed, startRelease } = close(async ({ run }) => (run === 'tickets.2' ? undefined : 0));
    expect(await closed).toEqual({ abandoned: 2, failures: [] });
    expect(startRelease.mock.calls).toEqual([
      [{ workflow: 'checkout', rule: 'tickets', run: 'tickets.1', isSettled: true }],
      [{ workflow: 'checkout', rule: 'tickets', run: 'tickets.3', isSettled: true }],
    ]);
  });

  it('releases a released checkout again while its run continues, because a late delivery can follow the release', async () => {
    await signals.put(signalAt.released({ rule: 'tickets', run: 'tickets.2' }));
    await signals.put(signalAt.closing({ rule: 'tickets', run: 'tickets.3' }));
    const { closed, startRelease } = close(async () => undefined);
    expect(await closed).toEqual({ abandoned: 0, failures: [] });
    expect(startRelease.mock.calls).toEqual([
      [{ workflow: 'checkout', rule: 'tickets', run: 'tickets.2', isRunning: true, isSettled: false }],
    ]);
  });

  it.each([
    [0, false],
    [15, false],
    [16, true],
  ])('considers an execution settled %i minutes after its end: %s', async (minutes, isSettled) => {
    const { closed, startRelease } = close(async () => NOW - minutes * 60_000);
    await closed;
    expect(startRelease).toHaveBeenCalledWith(expect.objectContaining({ isSettled }));
  });

  it('does not consider a run of unknown state ended, and continues with the others', async () => {
    const { closed, startRelease } = close(async ({ run }) => {
      if (run === 'tickets.1') throw UNKNOWN;
      return 0;
    });
    expect(await closed).toMatchObject({ abandoned: 2, failures: [UNKNOWN] });
    expect(startRelease).toHaveBeenCalledTimes(2);
  });

  it('reports a release that did not start, and continues with the others', async () => {
    const startRelease = vi.fn(async () => {}).mockRejectedValueOnce(UNKNOWN);
    const { closed } = close(longAgo, startRelease);
    expect(await closed).toEqual({ abandoned: 3, failures: [UNKNOWN] });
    expect(startRelease).toHaveBeenCalledTimes(3);
  });

  it('leaves removing the signal to the release, which does so once everything is closed', async () => {
    await close(longAgo).closed;
    expect(signals.keys.size).toBe(3);
  });

  it('reads only the signals of open checkouts', async () => {
    await signals.put('open/unreadable');
    await signals.put('checkouts/tickets/tickets.9/released');
    const { closed, startRelease } = close(longAgo);
    expect(await closed).toMatchObject({ abandoned: 3 });
    expect(startRelease).toHaveBeenCalledTimes(3);
  });
});

describe('the key of an open checkout', () => {
  it('identifies the checkout, for any id', () => {
    const rule = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
    const id = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,47}$/);
    fc.assert(
      fc.property(rule, id, (name, one) => {
        const checkout = { workflow: 'checkout', rule: name, run: `${name}.${one}` };
        expect(readOpenKey(checkoutAt.open(checkout))).toEqual(checkout);
      }),
    );
  });

  it.each(['open/', 'open/tickets', 'open/tickets/a/b', 'closed/tickets/a', 'open/Tickets/a'])(
    'cannot be %s',
    (key) => {
      expect(readOpenKey(key)).toBeUndefined();
    },
  );
});

describe('starting the release of an abandoned checkout', () => {
  const started = async (
    now: number,
    { run = CHECKOUT.run, isSettled = true, ...more }: { run?: string; isSettled?: boolean; isRunning?: boolean } = {},
  ) => {
    const start = vi.fn(async (_name: string, _input: string) => true);
    await createStartRelease({ start }, memorySignals(), () => now)({ ...CHECKOUT, run, isSettled, ...more });
    const [name = '', input = ''] = start.mock.calls[0] ?? [];
    return { name, input };
  };

  it('passes the checkout, marks it as abandoned, and states whether it is settled', async () => {
    const { input } = await started(NOW, { isSettled: false });
    expect(JSON.parse(input)).toEqual({
      type: 'checkout.abandoned',
      checkout: 'tickets',
      run: CHECKOUT.run,
      isSettled: false,
    });
  });

  it('is an ordinary release while the run continues, because the run reports its own end', async () => {
    const { input } = await started(NOW, { isRunning: true, isSettled: false });
    expect(JSON.parse(input)).toMatchObject({ type: 'checkout.released', run: CHECKOUT.run });
  });

  it('leaves the signal first, so that an execution that is redriven later opens nothing', async () => {
    const signals = memorySignals();
    const start = async (): Promise<boolean> => {
      expect([...signals.keys]).toEqual([signalAt.released(CHECKOUT)]);
      return true;
    };
    await createStartRelease({ start }, signals, () => NOW)({ ...CHECKOUT, isSettled: false });
    expect.assertions(1);
  });

  it('uses one name within an hour, and another for each other checkout and hour, and for the last time', async () => {
    const { name } = await started(NOW);
    expect((await started(NOW + 3_599_999)).name).toBe(name);
    const others = [
      started(NOW + 3_600_000),
      started(NOW, { run: OTHER_CHECKOUT.run }),
      started(NOW, { isSettled: false }),
    ];
    expect((await Promise.all(others)).map((other) => other.name)).not.toContain(name);
  });

  it('uses a name that Step Functions accepts and that no rule can have, not even one called reap', async () => {
    const run = checkoutRun(identityOf('CHG1', 'reap'));
    const { name } = await started(NOW, { run });
    expect(name).toMatch(/^[\w-]{1,80}$/);
    expect(nameOfRule.safeParse(name.slice(0, 5)).success).toBe(false);
    expect(runSchema.shape.run.safeParse(name).success).toBe(false);
    expect(runSchema.shape.run.safeParse(run).success).toBe(true);
  });

  it('succeeds if it was already started, and is retried after a failed start', async () => {
    const abandoned = { ...CHECKOUT, isSettled: true };
    await expect(
      createStartRelease({ start: async () => false }, memorySignals(), () => NOW)(abandoned),
    ).resolves.toBeUndefined();
    const start = vi.fn().mockRejectedValue(UNKNOWN);
    await expect(createStartRelease({ start }, memorySignals(), () => NOW)(abandoned)).rejects.toBe(UNKNOWN);
  });
});

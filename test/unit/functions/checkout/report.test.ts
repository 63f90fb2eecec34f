import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import type { Action } from '#shared/domain/checkout/next-action.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { signalAt } from '#shared/records/signals.ts';
import type { CheckoutStepInput } from '#shared/workflows/checkout.ts';
import { aCheckoutRun, after, CHECKOUT, NOW, recordCheckout, SENDER } from '#test/support/checkouts.ts';
import { memoryPages, memoryRecords, memorySignals } from '#test/support/fakes.ts';

const OPEN = checkoutAt.open(CHECKOUT);
const RETIRED = { retired: { retired: 1 } };
const CHECKED_IN = { checkedIn: { at: after(0), closed: 1 } };
const CLOSED = { ...RETIRED, ...CHECKED_IN };
const DELIVERED = { retrieved: { at: after(0), delivered: 1, gone: false } };
const ERROR = { Error: 'CheckoutRefused', Cause: JSON.stringify({ errorMessage: 'Ask for less.' }) };
const RELEASED = { ...aCheckoutRun.order, type: 'checkout.released' } as const;
const ended = (ending: Action['ending'], more: Partial<Action> = {}) => ({
  watched: { next: 'report' as const, waitSeconds: 0, ending, ...more },
});

describe('reporting a checkout', () => {
  let records: ReturnType<typeof memoryRecords>;
  let pages: ReturnType<typeof memoryPages>;
  let signals: ReturnType<typeof memorySignals>;
  const notify = vi.fn(async (_subject: string, _lines: readonly string[]) => {});
  const measure = vi.fn(async () => {});
  const tell = async () => {};
  beforeEach(async () => {
    vi.resetAllMocks();
    records = memoryRecords();
    pages = memoryPages();
    signals = memorySignals();
    await signals.put(OPEN);
  });
  const report = async (state: Partial<CheckoutStepInput> = {}) => {
    await recordCheckout(records, { order: { ticket: 'CHG-7' } });
    const step = createReportCheckout({ records, pages, signals, measure, notify, tell, now: () => NOW });
    return step({ ...aCheckoutRun, ...state });
  };
  const written = () => records.read(checkoutAt.report(CHECKOUT));
  /** Text of the first alert. */
  const told = () => notify.mock.calls[0]?.[1].join('\n');

  it('records its ending, and sends no alert after a success', async () => {
    expect(await report({ ...DELIVERED, ...CLOSED, ...ended('completed') })).toEqual({
      status: 'completed',
      notes: [],
    });
    expect(await written()).toEqual({
      ...CHECKOUT,
      status: 'completed',
      id: 'CHG1',
      principal: SENDER,
      finishedAt: after(0),
      deliveredAt: after(0),
      items: ['db-01/a10'],
      stores: ['aws'],
      ticket: 'CHG-7',
      reason: 'Replace a disk',
      notes: [],
    });
    expect(measure).toHaveBeenCalledExactlyOnceWith('tickets', 'completed', false);
    expect(notify).not.toHaveBeenCalled();
  });

  it('reports an incomplete delivery if the window ended during the delivery', async () => {
    const retrieved = { at: after(0), delivered: 1, gone: false, late: true };
    const { notes: said } = await report({ retrieved, ...CLOSED, ...ended('completed') });
    expect(said).toEqual(['Its window ended before all of its items were confirmed as delivered.']);
  });

  it('does not blame approvals if the window ended while the items were read', async () => {
    const retrieved = { at: after(0), delivered: 0, gone: false, late: true };
    const { notes: said } = await report({ retrieved, ...CLOSED, ...ended('expired') });
    expect(said).toEqual(['Its window ended before its items could be delivered.']);
  });

  it.each(['released', 'cancelled'] as const)('sends no alert about an intended end: %s', async (ending) => {
    expect(await report({ ...CLOSED, ...ended(ending) })).toEqual({ status: ending, notes: [] });
    expect(notify).not.toHaveBeenCalled();
  });

  it.each([
    ['denied', 'was denied or ended in the vault'],
    ['expired', 'No approval came in time'],
  ] as const)('sends an alert about an unwanted end: %s', async (ending, why) => {
    expect(await report({ ...CLOSED, ...ended(ending) })).toMatchObject({ status: ending });
    expect(notify).toHaveBeenCalledExactlyOnceWith(
      `pam-relay: checkout tickets.CHG1 ${ending}`,
      expect.arrayContaining([expect.stringContaining(why)]),
    );
    expect(told()).toContain(`Checkout tickets.CHG1, ticket CHG-7: ${ending}.\nAccounts: db-01/a10.`);
    expect(told()).toContain(`checkouts/tickets/${CHECKOUT.run}/report.json`);
  });

  it('sends an alert if the vault has not shown a change of the credential', async () => {
    await report({ ...DELIVERED, ...CLOSED, ...ended('completed', { unconfirmed: true }) });
    expect(measure).toHaveBeenCalledWith('tickets', 'completed', true);
    expect(told()).toContain('has not shown that it changed the credential');
  });

  it('writes the first report as an HTML page as well', async () => {
    await report({ ...CLOSED, ...ended('completed') });
    expect([...pages.written.keys()]).toEqual([`checkouts/tickets/${CHECKOUT.run}/report.html`]);
  });

  it('quotes the error of a failed checkout', async () => {
    expect(await report({ error: ERROR })).toEqual({ status: 'failed', notes: ['CheckoutRefused: Ask for less.'] });
    expect(told()).toContain('CheckoutRefused: Ask for less.');
    expect(await written()).toMatchObject({ status: 'failed' });
  });

  it('reports a checkout that failed before it was recorded', async () => {
    const step = createReportCheckout({ records, pages, signals, measure, notify, tell, now: () => NOW });
    expect(await step({ ...aCheckoutRun, error: ERROR })).toMatchObject({ status: 'failed' });
    expect(await written()).toMatchObject({ items: [], reason: '' });
  });

  it('records no delivery if nothing was delivered', async () => {
    await report({
      retrieved: { at: after(0), delivered: 0, gone: true },
      ...CLOSED,
      ...ended('denied'),
    });
    expect(await written()).not.toHaveProperty('deliveredAt');
  });

  describe('that was released', () => {
    beforeEach(() => signals.put(signalAt.released(CHECKOUT)));

    it.each([
      ['released', { ...DELIVERED, ...CLOSED }],
      ['released', { retired: { retired: 2 }, ...CHECKED_IN }],
      ['cancelled', { retired: { retired: 0 }, ...CHECKED_IN }],
      ['completed', { ...DELIVERED, ...CLOSED, ...ended('completed') }],
    ] as const)('is %s, and not failed, if the release interrupted a step', async (status, state) => {
      expect(await report({ ...state, error: ERROR })).toEqual({ status, notes: [] });
      expect(notify).not.toHaveBeenCalled();
    });

    it('has failed if it could not be closed', async () => {
      expect(await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } })).toMatchObject({ status: 'failed' });
      expect(notify).toHaveBeenCalledOnce();
    });
  });

  describe('by a release', () => {
    const order = { ...aCheckoutRun.order, type: 'checkout.released' } as const;
    it('on request writes nothing and sends no alert: the checkout reports itself', async () => {
      expect(await report({ order, ...CLOSED, ...ended('released') })).toEqual({ status: 'released', notes: [] });
      expect(await report({ order, error: ERROR })).toMatchObject({ status: 'failed' });
      expect(await written()).toBeUndefined();
      expect([...signals.keys]).toEqual([OPEN]);
      expect(notify).not.toHaveBeenCalled();
      expect(measure).not.toHaveBeenCalled();
    });

    it('sends an alert about an unchanged credential immediately, and does not count the checkout as ended', async () => {
      await report({
        order,
        ...CLOSED,
        watched: { next: 'report', waitSeconds: 0, ending: 'released', unconfirmed: true },
      });
      expect(notify).toHaveBeenCalledWith(
        expect.stringContaining('released'),
        expect.arrayContaining([expect.stringContaining('has not shown that it changed the credential')]),
      );
      expect(measure).not.toHaveBeenCalled();
      expect(await written()).toBeUndefined();
    });

    it('repeats the report of the checkout if that came first', async () => {
      await report({ ...CLOSED, ...ended('denied') });
      expect(await report({ order, ...CLOSED, ...ended('cancelled') })).toMatchObject({ status: 'denied' });
    });

    it.each([
      ['abandoned', { ...CLOSED, ...ended('released') }, 'failed or was stopped'],
      ['failed', { error: ERROR }, 'CheckoutRefused: Ask for less.'],
    ] as const)('of an abandoned checkout is %s, and sends an alert', async (status, state, why) => {
      await signals.put(signalAt.released(CHECKOUT));
      const abandoned = { ...order, type: 'checkout.abandoned' } as const;
      expect(await report({ order: abandoned, ...state })).toMatchObject({ status });
      expect(await written()).toMatchObject({ status });
      expect(told()).toContain(why);
    });

    it.each([
      [false, [OPEN]],
      [true, []],
    ])(
      'of an abandoned checkout leaves it to reap while a delivery is still possible: settled %s',
      async (isSettled, left) => {
        const abandoned = { ...order, type: 'checkout.abandoned', isSettled } as const;
        await report({ order: abandoned, ...CLOSED, ...ended('released') });
        expect([...signals.keys]).toEqual(left);
      },
    );
  });

  describe('once more', () => {
    it('keeps the first report, and sends no second alert', async () => {
      await report({ ...CLOSED, ...ended('denied') });
      const first = await written();
      expect(await report({ ...DELIVERED, ...CLOSED, ...ended('completed') })).toMatchObject({ status: 'denied' });
      expect(await written()).toEqual(first);
      expect(notify).toHaveBeenCalledOnce();
      expect(measure).toHaveBeenCalledOnce();
    });

    it('sends the alert again if sending it failed', async () => {
      notify.mockRejectedValueOnce(new RelayError('StoreUnavailable', 'no'));
      await expect(report({ ...CLOSED, ...ended('denied') })).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect(await report({ ...CLOSED, ...ended('denied') })).toMatchObject({ status: 'denied' });
      expect(notify).toHaveBeenCalledTimes(2);
    });
  });

  describe('that could not be closed', () => {
    const REFUSED = { Error: 'SignInRefused', Cause: JSON.stringify({ errorMessage: 'Look at its key.' }) };
    const DENIED = { Error: 'StoreDenied', Cause: JSON.stringify({ errorMessage: 'Look at its policy.' }) };

    it('has failed, and reports open leases, if the vault did not check them in', async () => {
      const { status, notes: lines } = await report({ ...DELIVERED, ...RETIRED, error: REFUSED });
      expect(status).toBe('failed');
      expect(lines).toEqual(['SignInRefused: Look at its key.', expect.stringContaining('leases are not checked in')]);
    });

    it('has failed, and reports the remaining secret, if the store did not retire it', async () => {
      const { status, notes: lines } = await report({ ...DELIVERED, ...CHECKED_IN, retireError: DENIED });
      expect(status).toBe('failed');
      expect(lines).toEqual(['StoreDenied: Look at its policy.', expect.stringContaining('still exist')]);
    });

    it('reports both errors if both steps failed, the secret first', async () => {
      const { notes: lines } = await report({ ...DELIVERED, retireError: DENIED, error: REFUSED });
      expect(lines.map((line) => line.split(':')[0])).toEqual([
        'StoreDenied',
        'SignInRefused',
        expect.stringContaining('still exist'),
        expect.stringContaining('leases are not checked in'),
      ]);
      expect(told()).toContain('Look at its key.');
    });

    it.each([
      ['a lease', { ...RETIRED, error: REFUSED }],
      ['a secret', { ...CHECKED_IN, retireError: DENIED }],
    ])('has failed in spite of a release if %s is left', async (_what, state) => {
      await signals.put(signalAt.released(CHECKOUT));
      expect(await report({ ...DELIVERED, ...state })).toMatchObject({ status: 'failed' });
      expect([...signals.keys]).toContain(OPEN);
    });

    it.each([
      ['open leases', { ...RETIRED, error: REFUSED }],
      ['a remaining secret', { ...CHECKED_IN, retireError: DENIED }],
    ])('is left to reap, which closes it later, because of %s', async (_what, state) => {
      await report({ ...DELIVERED, ...state });
      expect([...signals.keys]).toEqual([OPEN]);
      const order = { ...aCheckoutRun.order, type: 'checkout.abandoned', isSettled: true } as const;
      expect(await report({ order, ...state })).toMatchObject({ status: 'failed' });
      expect([...signals.keys]).toEqual([OPEN]);
      expect(await report({ order, ...CLOSED, ...ended('released') })).toMatchObject({ status: 'failed' });
      expect([...signals.keys]).toEqual([]);
    });
  });

  describe('with a rotation after its end', () => {
    const OVER = { ...CLOSED, ...ended('completed') };
    const NOTHING = { ...ended('expired'), ...CHECKED_IN, retired: { retired: 0 } };
    const withLease = (status: 'pending' | 'active') => ({
      requested: { at: after(0), conflict: false, leases: [{ item: 0, id: 'l1', status }] },
    });
    const ABANDONED = { ...aCheckoutRun.order, type: 'checkout.abandoned', isSettled: true } as const;
    const RETRIEVED = { retrieved: { at: after(-60), delivered: 1, gone: false } };
    const SETTLED = { ...RETRIEVED, ...OVER, retired: { retired: 1, at: after(0) } };
    const start = vi.fn(async (_name: string, _input: string) => true);
    const reportRotating = async (state: Partial<CheckoutStepInput>, names = ['weekly']) => {
      await recordCheckout(records, { rule: { rotate: 'weekly' } });
      const rotations = { names: new Set(names), start };
      const shared = { records, pages, signals, measure, notify, tell, rotations };
      const step = createReportCheckout({ ...shared, now: () => NOW });
      return step({ ...aCheckoutRun, ...state });
    };

    it('starts it before the open note is removed, for exactly this checkout', async () => {
      start.mockImplementation(async () => {
        expect([...signals.keys]).toEqual([OPEN]);
        return true;
      });
      await reportRotating(SETTLED);
      const order = { rule: 'weekly', trigger: 'checkout', checkout: { rule: 'tickets', run: CHECKOUT.run } };
      expect(start).toHaveBeenCalledExactlyOnceWith(
        expect.stringMatching(/^weekly\.checkout-[0-9a-f]{24}$/),
        JSON.stringify(order),
      );
      expect([...signals.keys]).toEqual([]);
    });

    it('repeats the start under the same name, also by the release of an abandoned checkout', async () => {
      await reportRotating(SETTLED);
      await reportRotating(SETTLED);
      await reportRotating({ ...CLOSED, order: ABANDONED });
      expect(start).toHaveBeenCalledTimes(3);
      expect(new Set(start.mock.calls.map((call) => call.join(' '))).size).toBe(1);
    });

    it('keeps the open note after a failed start, so that reap tries again', async () => {
      start.mockRejectedValueOnce(new RelayError('StoreUnavailable', 'no'));
      await expect(reportRotating(SETTLED)).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect([...signals.keys]).toEqual([OPEN]);
      await reportRotating({ ...CLOSED, order: ABANDONED });
      expect(start).toHaveBeenCalledTimes(2);
      expect([...signals.keys]).toEqual([]);
    });

    it.each<[what: string, state: Partial<CheckoutStepInput>, count: number]>([
      ['whose lease was open', { ...NOTHING, ...withLease('active') }, 1],
      ['that was abandoned, and whose progress is unknown', { ...CLOSED, order: ABANDONED }, 1],
      ['that was abandoned a moment ago', { ...CLOSED, order: { ...ABANDONED, isSettled: false } }, 0],
      ['that a release by message closes before its own end', { ...SETTLED, order: RELEASED }, 0],
      ['that ends after such a release', { ...SETTLED, ...ended('released') }, 1],
      ['whose lease is not checked in', { ...SETTLED, checkedIn: undefined }, 0],
      ['of which a delivery can still be running', { ...OVER, ...DELIVERED }, 0],
      ['that was never approved', { ...NOTHING, ...withLease('pending') }, 0],
      ['that opened nothing', { ...NOTHING, checkedIn: { at: after(0), closed: 0 } }, 0],
      ['whose request was lost, and opened a lease', NOTHING, 1],
    ])('for a checkout %s: %#', async (_what, state, count) => {
      await reportRotating(state);
      expect(start).toHaveBeenCalledTimes(count);
    });

    it('says so if a later deployment removed the rotation, and closes', async () => {
      expect((await reportRotating(SETTLED, [])).notes).toEqual([
        expect.stringContaining('The rotation weekly does not start'),
      ]);
      expect(start).not.toHaveBeenCalled();
      expect([...signals.keys]).toEqual([]);
    });
  });

  describe('removes the open note', () => {
    it('once the delivered secrets are retired and the leases are checked in', async () => {
      await report({ ...CLOSED, ...ended('completed') });
      expect([...signals.keys]).toEqual([]);
    });

    it.each([
      ['if no delivery attempt can have lasted until the retirement', 16, []],
      [
        'not if a delivery attempt can have lasted until the retirement, even if the report comes much later',
        15,
        [OPEN],
      ],
    ] as const)('%s', async (_name, minutes, open) => {
      const retrieved = { at: after(-60), delivered: 1, gone: false };
      const retired = { at: after(minutes - 60), retired: 1 };
      await report({ ...CLOSED, retrieved, retired, ...ended('completed') });
      expect([...signals.keys]).toEqual(open);
    });

    it.each([
      ['not if the run failed during a delivery attempt', 'retrieve', [OPEN]],
      ['if the run failed before any delivery attempt', 'request', []],
    ] as const)('%s', async (_name, next, open) => {
      const watched = { next, waitSeconds: 0 };
      await report({ ...CLOSED, watched, error: { Error: 'StoreUnavailable' } });
      expect([...signals.keys]).toEqual(open);
    });

    it('not while anything is open: reap closes it', async () => {
      await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } });
      expect([...signals.keys]).toEqual([OPEN]);
    });

    it('as soon as a later attempt has closed everything', async () => {
      await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } });
      expect(await report({ ...CLOSED, ...ended('released') })).toMatchObject({ status: 'failed' });
      expect([...signals.keys]).toEqual([]);
    });
  });
});

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import type { Move } from '#shared/domain/checkout/next-move.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { noteAt } from '#shared/records/notes.ts';
import type { CourseInput } from '#shared/workflows/checkout.ts';
import { aCheckoutRun, after, CHECKOUT, NOW, recordCheckout, SENDER } from '#test/support/checkouts.ts';
import { memoryNotes, memoryRecords } from '#test/support/fakes.ts';

const OPEN = checkoutAt.open(CHECKOUT);
const RETIRED = { retired: { retired: 1 } };
const CHECKED_IN = { checkedIn: { at: after(0), closed: 1 } };
const CLOSED = { ...RETIRED, ...CHECKED_IN };
const DELIVERED = { retrieved: { at: after(0), delivered: 1, gone: false } };
const ERROR = { Error: 'CheckoutRefused', Cause: JSON.stringify({ errorMessage: 'Ask for less.' }) };
const ended = (ending: Move['ending'], more: Partial<Move> = {}) => ({
  watched: { next: 'report' as const, waitSeconds: 0, ending, ...more },
});

describe('reporting a checkout', () => {
  let records: ReturnType<typeof memoryRecords>;
  let notes: ReturnType<typeof memoryNotes>;
  const notify = vi.fn(async (_subject: string, _lines: readonly string[]) => {});
  const measure = vi.fn(async () => {});
  beforeEach(async () => {
    vi.resetAllMocks();
    records = memoryRecords();
    notes = memoryNotes();
    await notes.put(OPEN);
  });
  const report = async (course: Partial<CourseInput> = {}) => {
    await recordCheckout(records, { order: { ticket: 'CHG-7' } });
    const step = createReportCheckout({ records, notes, measure, notify, now: () => NOW });
    return step({ ...aCheckoutRun, ...course });
  };
  const written = () => records.read(checkoutAt.report(CHECKOUT));
  /** What people are told in the first mail. */
  const told = () => notify.mock.calls[0]?.[1].join('\n');

  it('writes down how it ended, and tells nobody when all is well', async () => {
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
      ticket: 'CHG-7',
      reason: 'Replace a disk',
      notes: [],
    });
    expect(measure).toHaveBeenCalledExactlyOnceWith('tickets', 'completed', false);
    expect(notify).not.toHaveBeenCalled();
  });

  it('says that not all was delivered when the window ended in between', async () => {
    const retrieved = { at: after(0), delivered: 1, gone: false, late: true };
    const { notes: said } = await report({ retrieved, ...CLOSED, ...ended('completed') });
    expect(said).toEqual(['Its window ended before all of its items were delivered.']);
  });

  it.each(['released', 'cancelled'] as const)('tells nobody what somebody did on purpose: %s', async (ending) => {
    expect(await report({ ...CLOSED, ...ended(ending) })).toEqual({ status: ending, notes: [] });
    expect(notify).not.toHaveBeenCalled();
  });

  it.each([
    ['denied', 'Somebody denied or ended a request'],
    ['expired', 'Nobody approved in time'],
  ] as const)('tells people what they did not want: %s', async (ending, why) => {
    expect(await report({ ...CLOSED, ...ended(ending) })).toMatchObject({ status: ending });
    expect(notify).toHaveBeenCalledExactlyOnceWith(
      `pam-relay: checkout tickets.CHG1 ${ending}`,
      expect.arrayContaining([expect.stringContaining(why)]),
    );
    expect(told()).toContain(`Checkout tickets.CHG1, ticket CHG-7: ${ending}.\nAccounts: db-01/a10.`);
    expect(told()).toContain(`checkouts/tickets/${CHECKOUT.run}/report.json`);
  });

  it('tells people when the vault did not show that the credential changed', async () => {
    await report({ ...DELIVERED, ...CLOSED, ...ended('completed', { unconfirmed: true }) });
    expect(measure).toHaveBeenCalledWith('tickets', 'completed', true);
    expect(told()).toContain('has not shown that it changed the credential');
  });

  it('says why it failed, in the words of the error', async () => {
    expect(await report({ error: ERROR })).toEqual({ status: 'failed', notes: ['CheckoutRefused: Ask for less.'] });
    expect(told()).toContain('CheckoutRefused: Ask for less.');
    expect(await written()).toMatchObject({ status: 'failed' });
  });

  it('reports what came to nothing before anything was written down', async () => {
    const step = createReportCheckout({ records, notes, measure, notify, now: () => NOW });
    expect(await step({ ...aCheckoutRun, error: ERROR })).toMatchObject({ status: 'failed' });
    expect(await written()).toMatchObject({ items: [], reason: '' });
  });

  it('says nothing of a delivery that was none', async () => {
    await report({
      retrieved: { at: after(0), delivered: 0, gone: true },
      ...CLOSED,
      ...ended('denied'),
    });
    expect(await written()).not.toHaveProperty('deliveredAt');
  });

  describe('that was released', () => {
    beforeEach(() => notes.put(noteAt.released(CHECKOUT)));

    it.each([
      ['released', { ...DELIVERED, ...CLOSED }],
      ['released', { retired: { retired: 2 }, ...CHECKED_IN }],
      ['cancelled', { retired: { retired: 0 }, ...CHECKED_IN }],
      ['completed', { ...DELIVERED, ...CLOSED, ...ended('completed') }],
    ] as const)('is %s, and not failed because a step met the release', async (status, course) => {
      expect(await report({ ...course, error: ERROR })).toEqual({ status, notes: [] });
      expect(notify).not.toHaveBeenCalled();
    });

    it('has failed all the same when it could not be closed', async () => {
      expect(await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } })).toMatchObject({ status: 'failed' });
      expect(notify).toHaveBeenCalledOnce();
    });
  });

  describe('by a release', () => {
    const order = { ...aCheckoutRun.order, type: 'checkout.released' } as const;
    it('that somebody asked for writes nothing and tells nobody: the checkout itself knows more', async () => {
      expect(await report({ order, ...CLOSED, ...ended('released') })).toEqual({ status: 'released', notes: [] });
      expect(await report({ order, error: ERROR })).toMatchObject({ status: 'failed' });
      expect(await written()).toBeUndefined();
      expect([...notes.keys]).toEqual([OPEN]);
      expect(notify).not.toHaveBeenCalled();
      expect(measure).not.toHaveBeenCalled();
    });

    it('tells people at once that a credential was not changed, and does not count the checkout as over', async () => {
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

    it('says what the checkout has said when that was first', async () => {
      await report({ ...CLOSED, ...ended('denied') });
      expect(await report({ order, ...CLOSED, ...ended('cancelled') })).toMatchObject({ status: 'denied' });
    });

    it.each([
      ['abandoned', { ...CLOSED, ...ended('released') }, 'was stopped, or died'],
      ['failed', { error: ERROR }, 'CheckoutRefused: Ask for less.'],
    ] as const)('of a checkout that has died is %s, and somebody is told', async (status, course, why) => {
      await notes.put(noteAt.released(CHECKOUT));
      const abandoned = { ...order, type: 'checkout.abandoned' } as const;
      expect(await report({ order: abandoned, ...course })).toMatchObject({ status });
      expect(await written()).toMatchObject({ status });
      expect(told()).toContain(why);
    });

    it.each([
      [false, [OPEN]],
      [true, []],
    ])(
      'of a checkout that has died leaves it to reap while it may deliver yet: settled %s',
      async (isSettled, left) => {
        const abandoned = { ...order, type: 'checkout.abandoned', isSettled } as const;
        await report({ order: abandoned, ...CLOSED, ...ended('released') });
        expect([...notes.keys]).toEqual(left);
      },
    );
  });

  describe('once more', () => {
    it('keeps to the first report, and tells nobody again', async () => {
      await report({ ...CLOSED, ...ended('denied') });
      const first = await written();
      expect(await report({ ...DELIVERED, ...CLOSED, ...ended('completed') })).toMatchObject({ status: 'denied' });
      expect(await written()).toEqual(first);
      expect(notify).toHaveBeenCalledOnce();
      expect(measure).toHaveBeenCalledOnce();
    });

    it('tells people again rather than never, when telling them failed', async () => {
      notify.mockRejectedValueOnce(new RelayError('StoreUnavailable', 'no'));
      await expect(report({ ...CLOSED, ...ended('denied') })).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect(await report({ ...CLOSED, ...ended('denied') })).toMatchObject({ status: 'denied' });
      expect(notify).toHaveBeenCalledTimes(2);
    });
  });

  describe('that could not be closed', () => {
    const REFUSED = { Error: 'SignInRefused', Cause: JSON.stringify({ errorMessage: 'Look at its key.' }) };
    const DENIED = { Error: 'StoreDenied', Cause: JSON.stringify({ errorMessage: 'Look at its policy.' }) };

    it('has failed, and says that its leases are open, when the vault did not take them back', async () => {
      const { status, notes: lines } = await report({ ...DELIVERED, ...RETIRED, error: REFUSED });
      expect(status).toBe('failed');
      expect(lines).toEqual(['SignInRefused: Look at its key.', expect.stringContaining('leases are not given back')]);
    });

    it('has failed, and says that its secret is there, when the store did not let it be taken back', async () => {
      const { status, notes: lines } = await report({ ...DELIVERED, ...CHECKED_IN, retireError: DENIED });
      expect(status).toBe('failed');
      expect(lines).toEqual(['StoreDenied: Look at its policy.', expect.stringContaining('is still there')]);
    });

    it('says both when both failed, the secret first', async () => {
      const { notes: lines } = await report({ ...DELIVERED, retireError: DENIED, error: REFUSED });
      expect(lines.map((line) => line.split(':')[0])).toEqual([
        'StoreDenied',
        'SignInRefused',
        expect.stringContaining('is still there'),
        expect.stringContaining('leases are not given back'),
      ]);
      expect(told()).toContain('Look at its key.');
    });

    it.each([
      ['the leases', { ...RETIRED, error: REFUSED }],
      ['the secret', { ...CHECKED_IN, retireError: DENIED }],
    ])('has failed although somebody released it, when %s is left', async (_what, course) => {
      await notes.put(noteAt.released(CHECKOUT));
      expect(await report({ ...DELIVERED, ...course })).toMatchObject({ status: 'failed' });
      expect([...notes.keys]).toContain(OPEN);
    });

    it.each([
      ['the leases', { ...RETIRED, error: REFUSED }],
      ['the secret', { ...CHECKED_IN, retireError: DENIED }],
    ])('is left to reap, which closes it later, because of %s', async (_what, course) => {
      await report({ ...DELIVERED, ...course });
      expect([...notes.keys]).toEqual([OPEN]);
      const order = { ...aCheckoutRun.order, type: 'checkout.abandoned', isSettled: true } as const;
      expect(await report({ order, ...course })).toMatchObject({ status: 'failed' });
      expect([...notes.keys]).toEqual([OPEN]);
      expect(await report({ order, ...CLOSED, ...ended('released') })).toMatchObject({ status: 'failed' });
      expect([...notes.keys]).toEqual([]);
    });
  });

  describe('says that nothing is open any more', () => {
    it('when what was delivered is taken back, and the leases are given back', async () => {
      await report({ ...CLOSED, ...ended('completed') });
      expect([...notes.keys]).toEqual([]);
    });

    it.each([
      ['when no attempt to deliver can have gone on until it was retired', 16, []],
      ['not when one can, however much later it is reported', 15, [OPEN]],
    ] as const)('%s', async (_name, minutes, open) => {
      const retrieved = { at: after(-60), delivered: 1, gone: false };
      const retired = { at: after(minutes - 60), retired: 1 };
      await report({ ...CLOSED, retrieved, retired, ...ended('completed') });
      expect([...notes.keys]).toEqual(open);
    });

    it.each([
      ['not when it was given up for an attempt to deliver', 'retrieve', [OPEN]],
      ['when it was given up before', 'request', []],
    ] as const)('%s', async (_name, next, open) => {
      const watched = { next, waitSeconds: 0 };
      await report({ ...CLOSED, watched, error: { Error: 'StoreUnavailable' } });
      expect([...notes.keys]).toEqual(open);
    });

    it('not when it is not, so that it is looked after', async () => {
      await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } });
      expect([...notes.keys]).toEqual([OPEN]);
    });

    it('as soon as somebody has closed it later', async () => {
      await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } });
      expect(await report({ ...CLOSED, ...ended('released') })).toMatchObject({ status: 'failed' });
      expect([...notes.keys]).toEqual([]);
    });
  });
});

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import type { Move } from '#shared/domain/checkout/next-move.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { noteAt } from '#shared/records/notes.ts';
import type { CourseInput } from '#shared/workflows/checkout.ts';
import { aCheckoutRun, after, CHECKOUT, NOW, recordCheckout } from '#test/support/checkouts.ts';
import { memoryNotes, memoryRecords } from '#test/support/fakes.ts';

const OPEN = checkoutAt.open(CHECKOUT);
const RETIRED = { retired: { retired: 1 } };
const DELIVERED = { retrieved: { at: after(0), delivered: 1, gone: false } };
const ERROR = { Error: 'CheckoutRefused', Cause: JSON.stringify({ errorMessage: 'Ask for less.' }) };
const ended = (ending: Move['ending'], more: Partial<Move> = {}) => ({
  watched: { next: 'report' as const, waitSeconds: 0, ending, ...more },
});

describe('reporting a checkout', () => {
  let records: ReturnType<typeof memoryRecords>;
  let notes: ReturnType<typeof memoryNotes>;
  const notify = vi.fn(async (_subject: string, _text: string) => {});
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

  it('writes down how it ended, and tells nobody when all is well', async () => {
    expect(await report({ ...DELIVERED, ...RETIRED, ...ended('completed') })).toEqual({
      status: 'completed',
      notes: [],
    });
    expect(await written()).toEqual({
      ...CHECKOUT,
      status: 'completed',
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

  it.each(['released', 'cancelled'] as const)('tells nobody what somebody did on purpose: %s', async (ending) => {
    expect(await report({ ...RETIRED, ...ended(ending) })).toEqual({ status: ending, notes: [] });
    expect(notify).not.toHaveBeenCalled();
  });

  it.each([
    ['denied', 'Somebody denied or ended a request'],
    ['expired', 'Nobody approved in time'],
  ] as const)('tells people what they did not want: %s', async (ending, why) => {
    expect(await report({ ...RETIRED, ...ended(ending) })).toMatchObject({ status: ending });
    expect(notify).toHaveBeenCalledExactlyOnceWith(
      `pam-relay: checkout ${CHECKOUT.run} ${ending}`,
      expect.stringContaining(why),
    );
    const [, text = ''] = notify.mock.calls[0] ?? [];
    expect(text).toContain(`Checkout ${CHECKOUT.run}, ticket CHG-7: ${ending}.\nAccounts: db-01/a10.`);
    expect(text).toContain(`checkouts/tickets/${CHECKOUT.run}/report.json`);
  });

  it('tells people when the vault did not show that the credential changed', async () => {
    await report({ ...DELIVERED, ...RETIRED, ...ended('completed', { unconfirmed: true }) });
    expect(measure).toHaveBeenCalledWith('tickets', 'completed', true);
    expect(notify.mock.calls[0]?.[1]).toContain('has not shown that it changed the credential');
  });

  it('says why it failed, in the words of the error', async () => {
    expect(await report({ error: ERROR })).toEqual({ status: 'failed', notes: ['CheckoutRefused: Ask for less.'] });
    expect(notify.mock.calls[0]?.[1]).toContain('CheckoutRefused: Ask for less.');
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
      ...RETIRED,
      ...ended('denied'),
    });
    expect(await written()).not.toHaveProperty('deliveredAt');
  });

  describe('that was released', () => {
    beforeEach(() => notes.put(noteAt.released(CHECKOUT)));

    it.each([
      ['released', { ...DELIVERED, ...RETIRED }],
      ['released', { retired: { retired: 2 } }],
      ['cancelled', { retired: { retired: 0 } }],
      ['completed', { ...DELIVERED, ...RETIRED, ...ended('completed') }],
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
      expect(await report({ order, ...RETIRED, ...ended('released') })).toEqual({ status: 'released', notes: [] });
      expect(await report({ order, error: ERROR })).toMatchObject({ status: 'failed' });
      expect(await written()).toBeUndefined();
      expect([...notes.keys]).toEqual([OPEN]);
      expect(notify).not.toHaveBeenCalled();
      expect(measure).not.toHaveBeenCalled();
    });

    it('tells people at once that a credential was not changed, and does not count the checkout as over', async () => {
      await report({
        order,
        ...RETIRED,
        watched: { next: 'report', waitSeconds: 0, ending: 'released', unconfirmed: true },
      });
      expect(notify).toHaveBeenCalledWith(
        expect.stringContaining('released'),
        expect.stringContaining('has not shown that it changed the credential'),
      );
      expect(measure).not.toHaveBeenCalled();
      expect(await written()).toBeUndefined();
    });

    it('says what the checkout has said when that was first', async () => {
      await report({ ...RETIRED, ...ended('denied') });
      expect(await report({ order, ...RETIRED, ...ended('cancelled') })).toMatchObject({ status: 'denied' });
    });

    it.each([
      ['abandoned', { ...RETIRED, ...ended('released') }, 'was stopped, or died'],
      ['failed', { error: ERROR }, 'CheckoutRefused: Ask for less.'],
    ] as const)('of a checkout that has died is %s, and somebody is told', async (status, course, why) => {
      await notes.put(noteAt.released(CHECKOUT));
      const abandoned = { ...order, type: 'checkout.abandoned' } as const;
      expect(await report({ order: abandoned, ...course })).toMatchObject({ status });
      expect(await written()).toMatchObject({ status });
      expect(notify.mock.calls[0]?.[1]).toContain(why);
    });

    it.each([
      [false, [OPEN]],
      [true, []],
    ])(
      'of a checkout that has died leaves it to reap while it may deliver yet: settled %s',
      async (isSettled, left) => {
        const abandoned = { ...order, type: 'checkout.abandoned', isSettled } as const;
        await report({ order: abandoned, ...RETIRED, ...ended('released') });
        expect([...notes.keys]).toEqual(left);
      },
    );
  });

  describe('once more', () => {
    it('keeps to the first report, and tells nobody again', async () => {
      await report({ ...RETIRED, ...ended('denied') });
      const first = await written();
      expect(await report({ ...DELIVERED, ...RETIRED, ...ended('completed') })).toMatchObject({ status: 'denied' });
      expect(await written()).toEqual(first);
      expect(notify).toHaveBeenCalledOnce();
      expect(measure).toHaveBeenCalledOnce();
    });

    it('tells people again rather than never, when telling them failed', async () => {
      notify.mockRejectedValueOnce(new RelayError('StoreUnavailable', 'no'));
      await expect(report({ ...RETIRED, ...ended('denied') })).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect(await report({ ...RETIRED, ...ended('denied') })).toMatchObject({ status: 'denied' });
      expect(notify).toHaveBeenCalledTimes(2);
    });
  });

  describe('says that nothing is open any more', () => {
    it('when what was delivered is taken back', async () => {
      await report({ ...RETIRED, ...ended('completed') });
      expect([...notes.keys]).toEqual([]);
    });

    it('not when it is not, so that it is looked after', async () => {
      await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } });
      expect([...notes.keys]).toEqual([OPEN]);
    });

    it('as soon as somebody has closed it later', async () => {
      await report({ ...DELIVERED, error: { Error: 'VaultUnavailable' } });
      expect(await report({ ...RETIRED, ...ended('released') })).toMatchObject({ status: 'failed' });
      expect([...notes.keys]).toEqual([]);
    });
  });
});

import { wasHandedOut } from '#shared/domain/checkout/next-move.ts';
import { type CheckoutReport, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readNotes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { CheckoutReported, CourseInput } from '#shared/workflows/checkout.ts';

export interface ReportCheckoutDependencies {
  readonly records: Records;
  readonly notes: Notes;
  readonly measure: (rule: string, status: CheckoutReported['status'], unconfirmed: boolean) => Promise<void>;
  /** Tells people; called only when the checkout did not go as it should. */
  readonly notify: (subject: string, text: string) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Writes down how a checkout ended, and tells people when they are needed. Safe to repeat: the first report holds. A
 * release that somebody asked for writes nothing: the checkout goes on to its own end and knows more, or it has died, and
 * then `reap` has it closed once more. It only tells at once what should not wait for the end of the window.
 */
export const createReportCheckout = (dependencies: ReportCheckoutDependencies) => {
  const { records, notes, measure, notify } = dependencies;
  return async (input: CourseInput): Promise<CheckoutReported> => {
    const { rule, run, order } = input;
    const place = checkoutAt.report(input);
    const written = await records.read(place);
    const report = written ?? (await reportOn(input, dependencies));
    const { status } = report;
    const tell = () => notify(`pam-relay: checkout ${run} ${status}`, describe(report, place.key));
    if (order.type === 'checkout.released') {
      if (wasUnconfirmed(input)) await tell();
      return { status, notes: report.notes };
    }
    if (written === undefined) {
      await measure(rule, status, wasUnconfirmed(input));
      if (report.notes.length > 0) await tell();
      // Once it is written nobody is told any more.
      await records.write(place, report);
    }
    await close(notes, input);
    return { status, notes: report.notes };
  };
};

const reportOn = async (
  input: CourseInput,
  { records, notes, now }: ReportCheckoutDependencies,
): Promise<CheckoutReport> => {
  const { workflow, rule, run, retrieved } = input;
  const record = await records.read(checkoutAt.record(input));
  const { released } = readNotes(await notes.list(noteAt.prefix(input)));
  const status = statusOf(input, released);
  return {
    workflow,
    rule,
    run,
    status,
    finishedAt: new Date(now()).toISOString(),
    deliveredAt: retrieved !== undefined && retrieved.delivered > 0 ? retrieved.at : undefined,
    items: record?.items.map(({ item }) => item.title) ?? [],
    ticket: record?.order.ticket,
    reason: record?.order.reason ?? '',
    notes: notesOf(input, status),
  };
};

/** From here on `reap` no longer looks after it; what could not be closed, or may be opened yet, is left to `reap`. */
const close = async (notes: Notes, input: CourseInput): Promise<void> => {
  const isClosed = input.retired !== undefined && input.order.isSettled !== false;
  if (isClosed) await notes.remove(checkoutAt.open(input));
};

const statusOf = (
  { order, error, watched, retrieved, retired }: CourseInput,
  released: boolean,
): CheckoutReported['status'] => {
  if (order.type === 'checkout.abandoned') return error === undefined ? 'abandoned' : 'failed';
  // A step that stumbles over a release that came in between has not failed; closing it may have.
  if (released && retired !== undefined) {
    return watched?.ending ?? (wasHandedOut({ retrieved, retired: retired.retired }) ? 'released' : 'cancelled');
  }
  return error === undefined ? (watched?.ending ?? 'failed') : 'failed';
};

/** The last look said that it had waited long enough, and not that it had seen the change. */
const wasUnconfirmed = ({ watched }: CourseInput): boolean => watched?.unconfirmed === true;

const notesOf = (input: CourseInput, status: CheckoutReported['status']): string[] => [
  ...(status === 'failed' && input.error !== undefined ? [messageOf(input.error)] : []),
  ...(status === 'abandoned'
    ? ['Its execution was stopped, or died. It was closed all the same, maybe too early.']
    : []),
  ...(status === 'denied' ? ['Somebody denied or ended a request of this checkout in the vault.'] : []),
  ...(status === 'expired'
    ? ['Nobody approved in time, or an account was in use, or being changed, for all of it.']
    : []),
  ...(wasUnconfirmed(input)
    ? [
        'The vault has not shown that it changed the credential after it was given back. Look at the account there: until it is changed, whoever had this checkout still knows it.',
      ]
    : []),
];

const describe = ({ run, status, items, ticket, notes }: CheckoutReport, key: string): string =>
  [
    `Checkout ${run}${ticket === undefined ? '' : `, ticket ${ticket}`}: ${status}.`,
    ...(items.length > 0 ? [`Accounts: ${items.join(', ')}.`] : []),
    ...notes,
    `The whole report: ${key} in the records bucket.`,
  ].join('\n');

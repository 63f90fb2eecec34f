import type { Notify } from '#shared/aws/alerts.ts';
import { wasHandedOut } from '#shared/domain/checkout/next-move.ts';
import { type CheckoutReport, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readNotes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { CheckoutReported, CourseInput } from '#shared/workflows/checkout.ts';
import type { Caught } from '#shared/workflows/run.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

export interface ReportCheckoutDependencies {
  readonly records: Records;
  readonly notes: Notes;
  readonly measure: (rule: string, status: CheckoutReported['status'], unconfirmed: boolean) => Promise<void>;
  /** Tells people; called only when the checkout did not go as it should. */
  readonly notify: Notify;
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
    const { rule, order } = input;
    const place = checkoutAt.report(input);
    const written = await records.read(place);
    const report = written ?? (await reportOn(input, dependencies));
    const { status } = report;
    const tell = () => notify(`pam-relay: checkout ${nameOf(report)} ${status}`, describe(report, place.key));
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
    // From here on `reap` no longer looks after it; what could not be closed, or may be opened yet, is left to `reap`.
    if (isClosed(input) && isSettled(input)) await notes.remove(checkoutAt.open(input));
    return { status, notes: report.notes };
  };
};

const reportOn = async (
  input: CourseInput,
  { records, notes, now }: ReportCheckoutDependencies,
): Promise<CheckoutReport> => {
  const { workflow, rule, run, order, retrieved } = input;
  const record = await records.read(checkoutAt.record(input));
  const { released } = readNotes(await notes.list(noteAt.prefix(input)));
  const status = statusOf(input, released);
  return {
    workflow,
    rule,
    run,
    status,
    ...askedBy(record?.order ?? order),
    finishedAt: new Date(now()).toISOString(),
    deliveredAt: retrieved !== undefined && retrieved.delivered > 0 ? retrieved.at : undefined,
    items: record?.items.map(({ item }) => item.title) ?? [],
    ticket: record?.order.ticket,
    reason: record?.order.reason ?? '',
    notes: notesOf(input, status),
  };
};

/** What was delivered is taken back, and the leases are given back: neither says anything about the other. */
const isClosed = ({ retired, checkedIn }: CourseInput): boolean => retired !== undefined && checkedIn !== undefined;

/** False where an attempt to deliver whose answer was lost may have gone on until after what was delivered was retired. */
const isSettled = ({ order, retrieved, retired, watched }: CourseInput): boolean => {
  if (order.type === 'checkout.abandoned') return order.isSettled !== false;
  if (retrieved === undefined) return watched?.next !== 'retrieve';
  return retired?.at !== undefined && Date.parse(retired.at) - Date.parse(retrieved.at) >= MAX_INVOCATION_MS;
};

const statusOf = (input: CourseInput, released: boolean): CheckoutReported['status'] => {
  const { order, error, retireError, watched, retrieved, retired } = input;
  const isGivenUp = error !== undefined || retireError !== undefined;
  if (order.type === 'checkout.abandoned') return isGivenUp ? 'failed' : 'abandoned';
  // A step that stumbles over a release that came in between has not failed; closing it may have.
  if (released && isClosed(input)) {
    return watched?.ending ?? (wasHandedOut({ retrieved, retired: retired?.retired }) ? 'released' : 'cancelled');
  }
  return isGivenUp ? 'failed' : (watched?.ending ?? 'failed');
};

/** The last look said that it had waited long enough, and not that it had seen the change. */
const wasUnconfirmed = ({ watched }: CourseInput): boolean => watched?.unconfirmed === true;

const notesOf = (input: CourseInput, status: CheckoutReported['status']): string[] => [
  ...(status === 'failed' ? [input.retireError, input.error].flatMap(messagesOf) : []),
  ...leftOpen(input),
  ...(status === 'abandoned'
    ? ['Its execution was stopped, or died. It was closed all the same, maybe too early.']
    : []),
  ...(status === 'denied' ? ['Somebody denied or ended a request of this checkout in the vault.'] : []),
  ...(status === 'expired'
    ? ['Nobody approved in time, or an account was in use, or being changed, until its time was over.']
    : []),
  ...(status === 'completed' && input.retrieved?.late === true
    ? ['Its window ended before all of its items were delivered.']
    : []),
  ...(wasUnconfirmed(input)
    ? [
        'The vault has not shown that it changed the credential after it was given back. Look at the account there: until it is changed, whoever had this checkout still knows it.',
      ]
    : []),
];

const messagesOf = (error: Caught | undefined): string[] => (error === undefined ? [] : [messageOf(error)]);

/** What is not closed although closing was tried. */
const leftOpen = ({ retired, retireError, checkedIn }: CourseInput): string[] => {
  const isTried = retired !== undefined || retireError !== undefined;
  return [
    ...(isTried && retired === undefined
      ? ['What it has delivered is still there. `reap` takes it back as soon as the store lets it.']
      : []),
    ...(isTried && checkedIn === undefined
      ? [
          'Its leases are not given back. `reap` does so as soon as the vault lets it, unless the vault ends them before, when their time is up.',
        ]
      : []),
  ];
};

/** What asked for a checkout is known from its record, or from its own execution; a release knows of itself alone. */
const askedBy = ({ type, id, principal }: CourseInput['order']): Pick<CheckoutReport, 'id' | 'principal'> =>
  type === 'checkout.requested' ? { id, principal } : {};

/** As its sender calls it, where that is known. */
const nameOf = ({ rule, run, id }: CheckoutReport): string => (id === undefined ? run : `${rule}.${id}`);

const describe = (report: CheckoutReport, key: string): string[] => {
  const { status, items, ticket, notes } = report;
  return [
    `Checkout ${nameOf(report)}${ticket === undefined ? '' : `, ticket ${ticket}`}: ${status}.`,
    ...(items.length > 0 ? [`Accounts: ${items.join(', ')}.`] : []),
    ...notes,
    `The whole report: ${key} in the records bucket.`,
  ];
};

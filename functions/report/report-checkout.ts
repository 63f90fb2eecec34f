import type { CheckoutReported, CourseInput } from '#shared/checkout-workflow.ts';
import { describeAccount } from '#shared/domain/account.ts';
import { wasHandedOut } from '#shared/domain/next-move.ts';
import { type CheckoutReport, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readNotes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import { messageOf } from './message-of.ts';

export interface ReportCheckoutDependencies {
  readonly records: Records;
  readonly notes: Notes;
  readonly measure: (checkout: string, status: CheckoutReported['status'], unconfirmed: boolean) => Promise<void>;
  /** Tells people; called only when the checkout did not go as it should. */
  readonly notify: (subject: string, text: string) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Writes down how a checkout ended, and tells people when they are needed. Safe to repeat: the first report holds, so that
 * a checkout which was released early and then comes to its own end is reported once.
 */
export const createReportCheckout =
  ({ records, notes, measure, notify, now }: ReportCheckoutDependencies) =>
  async (input: CourseInput): Promise<CheckoutReported> => {
    const { run, order } = input;
    const place = checkoutAt.report(order.checkout, run);
    const written = await records.read(place);
    if (written !== undefined) {
      await close(notes, input);
      return { status: written.status, notes: written.notes };
    }

    const record = await records.read(checkoutAt.record(order.checkout, run));
    const { released } = readNotes(await notes.list(noteAt.prefix(order.checkout, run)));
    const status = statusOf(input, released);
    const unconfirmed = wasUnconfirmed(input);
    const report: CheckoutReport = {
      checkout: order.checkout,
      run,
      status,
      finishedAt: new Date(now()).toISOString(),
      deliveredAt: input.retrieved?.gone === false ? input.retrieved.at : undefined,
      accounts: record?.items.map(({ account }) => describeAccount(account)) ?? [],
      ticket: record?.order.ticket,
      reason: record?.order.reason ?? '',
      notes: notesOf(input, status, unconfirmed),
    };
    await measure(order.checkout, status, unconfirmed);
    if (report.notes.length > 0) await notify(`pam-relay: checkout ${run} ${status}`, describe(report, place.key));
    // Once it is written nobody is told any more.
    await records.write(place, report);
    await close(notes, input);
    return { status, notes: report.notes };
  };

/** From here on `reap` no longer looks after it; what could not be closed is left to `reap`. */
const close = async (notes: Notes, { run, order, retired }: CourseInput): Promise<void> => {
  if (retired !== undefined) await notes.remove(checkoutAt.open(order.checkout, run));
};

const statusOf = (
  { error, watched, retrieved, retired }: CourseInput,
  released: boolean,
): CheckoutReported['status'] => {
  // A step that stumbles over a release that came in between has not failed; closing it may have.
  if (released && retired !== undefined) {
    return watched?.ending ?? (wasHandedOut({ retrieved, retired: retired.retired }) ? 'released' : 'cancelled');
  }
  return error === undefined ? (watched?.ending ?? 'failed') : 'failed';
};

/** The last look said that it had waited long enough, and not that it had seen the change. */
const wasUnconfirmed = ({ watched }: CourseInput): boolean => watched?.unconfirmed === true;

const notesOf = ({ error }: CourseInput, status: CheckoutReported['status'], unconfirmed: boolean): string[] => [
  ...(status === 'failed' && error !== undefined ? [messageOf(error)] : []),
  ...(status === 'denied' ? ['Somebody denied or ended a request of this checkout in the vault.'] : []),
  ...(status === 'expired' ? ['Nobody approved in time, or an account was in use until the window was over.'] : []),
  ...(unconfirmed
    ? [
        'The vault has not shown that it changed the credential after it was given back. Look at the account there: until it is changed, whoever had this checkout still knows it.',
      ]
    : []),
];

const describe = ({ run, status, accounts, ticket, notes }: CheckoutReport, key: string): string =>
  [
    `Checkout ${run}${ticket === undefined ? '' : `, ticket ${ticket}`}: ${status}.`,
    ...(accounts.length > 0 ? [`Accounts: ${accounts.join(', ')}.`] : []),
    ...notes,
    `The whole report: ${key} in the records bucket.`,
  ].join('\n');

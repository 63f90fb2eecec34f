import type { Notify } from '#shared/aws/alerts.ts';
import type { Executions } from '#shared/aws/executions.ts';
import { wasDelivered } from '#shared/domain/checkout/next-action.ts';
import type { Tell } from '#shared/messages/tell.ts';
import { type CheckoutRecord, type CheckoutReport, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Pages, pageAt } from '#shared/records/pages.ts';
import type { Records } from '#shared/records/records.ts';
import { readSignals, type Signals, signalAt } from '#shared/records/signals.ts';
import { renderCheckoutPage } from '#shared/report-page/checkout-page.ts';
import { messageOf } from '#shared/runtime/caught.ts';
import type { CheckoutReported, CheckoutStepInput } from '#shared/workflows/checkout.ts';
import type { RotationOrder } from '#shared/workflows/rotate.ts';
import type { Caught } from '#shared/workflows/run.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { commentFor } from './comment.ts';
import { rotationAfter, rotationRun } from './rotation.ts';

export interface ReportCheckoutDependencies {
  readonly records: Records;
  readonly pages: Pages;
  readonly signals: Signals;
  readonly measure: (rule: string, status: CheckoutReported['status'], unconfirmed: boolean) => Promise<void>;
  /** Sends a notice to people. Called only if the checkout needs their attention. */
  readonly notify: Notify;
  /** Orders a comment on the ticket of the checkout. */
  readonly tell: Tell;
  /** Names of the rotations, and their start, which is repeatable. Absent if no checkout rule has one. */
  readonly rotations?: Rotations | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Rotations extends Pick<Executions, 'start'> {
  readonly names: ReadonlySet<string>;
}

/**
 * Writes the report of a checkout, and notifies people if they have to act. Repeatable: the first report is final. A
 * release by a message writes nothing: either the checkout continues to its own end with more data, or it has failed
 * and `reap` closes it once more. The release only sends a notice that cannot wait for the end of the window.
 */
export const createReportCheckout = (dependencies: ReportCheckoutDependencies) => {
  const { records, pages, signals, measure, notify, tell, rotations, now } = dependencies;
  return async (input: CheckoutStepInput): Promise<CheckoutReported> => {
    const { rule, order } = input;
    const place = checkoutAt.report(input);
    const written = await records.read(place);
    const record = await records.read(checkoutAt.record(input));
    const report = written ?? (await reportOn(input, record, dependencies));
    const { status } = report;
    const comment = commentFor(input, record, status, now());
    if (comment !== undefined) await tell(comment);
    const sendNotice = () => notify(`pam-relay: checkout ${nameOf(report)} ${status}`, describe(report, place.key));
    if (order.type === 'checkout.released' || order.type === 'checkout.shortened') {
      if (wasUnconfirmed(input)) await sendNotice();
      return { status, notes: report.notes };
    }
    if (written === undefined) {
      await pages.write(pageAt.checkout(input), renderCheckoutPage(report));
      await measure(rule, status, wasUnconfirmed(input));
      if (report.notes.length > 0) await sendNotice();
      // Written last: no notice is sent once the report exists.
      await records.write(place, report);
    }
    // `reap` ignores a checkout without this object, so the object stays if anything is open or can still be opened.
    if (isClosed(input) && isSettled(input)) {
      const rotation = rotationAfter(input, record);
      // After a failed start, the release by `reap` tries again.
      if (rotation !== undefined && rotations?.names.has(rotation.rule)) {
        await rotations.start(rotationRun(rotation), JSON.stringify(rotation));
      }
      await signals.remove(checkoutAt.open(input));
    }
    return { status, notes: report.notes };
  };
};

const reportOn = async (
  input: CheckoutStepInput,
  record: CheckoutRecord | undefined,
  { signals, rotations, now }: Pick<ReportCheckoutDependencies, 'signals' | 'rotations' | 'now'>,
): Promise<CheckoutReport> => {
  const { workflow, rule, run, order, retrieved } = input;
  const { released } = readSignals(await signals.list(signalAt.prefix(input)));
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
    stores: record?.settings.stores ?? [],
    ticket: record?.order.ticket,
    reason: record?.order.reason ?? '',
    notes: [...notesOf(input, status, record), ...notRotated(rotationAfter(input, record), rotations)],
  };
};

/** True if the delivered secrets are retired and the leases are checked in. Either can fail alone. */
const isClosed = ({ retired, checkedIn }: CheckoutStepInput): boolean =>
  retired !== undefined && checkedIn !== undefined;

/**
 * False if an attempt of Retrieve whose response was lost may still have been running after the secrets were retired.
 */
const isSettled = ({ order, retrieved, retired, watched }: CheckoutStepInput): boolean => {
  if (order.type === 'checkout.abandoned') return order.isSettled !== false;
  if (retrieved === undefined) return watched?.next !== 'retrieve';
  return retired?.at !== undefined && Date.parse(retired.at) - Date.parse(retrieved.at) >= MAX_INVOCATION_MS;
};

const statusOf = (input: CheckoutStepInput, released: boolean): CheckoutReported['status'] => {
  const { order, error, retireError, watched, retrieved, retired } = input;
  const isGivenUp = error !== undefined || retireError !== undefined;
  if (order.type === 'checkout.abandoned') return isGivenUp ? 'failed' : 'abandoned';
  // An error of a step that a release interrupted is not a failure, as long as everything is closed.
  if (released && isClosed(input)) {
    return watched?.ending ?? (wasDelivered({ retrieved, retired: retired?.retired }) ? 'released' : 'cancelled');
  }
  return isGivenUp ? 'failed' : (watched?.ending ?? 'failed');
};

/** True if the wait for the change of the credential ended without seeing it. */
const wasUnconfirmed = ({ watched }: CheckoutStepInput): boolean => watched?.unconfirmed === true;

const notesOf = (
  input: CheckoutStepInput,
  status: CheckoutReported['status'],
  record: CheckoutRecord | undefined,
): string[] => [
  ...(status === 'failed' ? [input.retireError, input.error].flatMap(messagesOf) : []),
  ...leftOpen(input),
  ...notDelivered(input, record),
  ...(status === 'abandoned'
    ? ['Its execution failed or was stopped. The checkout was closed, possibly before its window ended.']
    : []),
  ...(status === 'denied' ? ['A request of this checkout was denied or ended in the vault.'] : []),
  ...(status === 'expired' ? [whyExpired(input)] : []),
  ...(status === 'completed' && input.retrieved?.late === true
    ? ['Its window ended before all of its items were confirmed as delivered.']
    : []),
  ...(input.retrieved?.warnings ?? []),
  ...(wasUnconfirmed(input)
    ? [
        'The vault has not shown that it changed the credential after the check-in. Check the account in the vault: until it is changed, everyone who had this checkout still knows the credential.',
      ]
    : []),
];

/** A note on a rotation that a later deployment removed. */
const notRotated = (rotation: RotationOrder | undefined, rotations: Rotations | undefined): string[] =>
  rotation === undefined || rotations?.names.has(rotation.rule) === true
    ? []
    : [
        `The rotation ${rotation.rule} does not start: since the request, relay.yaml has lost it, or rotate of every checkout. Change the credentials in the vault, or rotate them by another rule.`,
      ];

const whyExpired = ({ retrieved }: CheckoutStepInput): string =>
  retrieved?.late === true
    ? 'Its window ended before its items could be delivered.'
    : 'No approval came in time, or an account was in use or being changed until the time limit.';

const messagesOf = (error: Caught | undefined): string[] => (error === undefined ? [] : [messageOf(error)]);

/** Notes on targets that failed while their item reached another store. */
const notDelivered = ({ retrieved }: CheckoutStepInput, record: CheckoutRecord | undefined): string[] => {
  if (retrieved?.undelivered === undefined) return [];
  const { count, first } = retrieved.undelivered;
  const more = count - first.length;
  return [
    ...first.map(({ item, store, error }) => {
      const planned = record?.items[item];
      const secret = planned?.targets.find((target) => target.store === store)?.name;
      return `The delivery of ${planned?.item.title ?? 'an item'} to ${secret ?? 'a secret'} in the store ${store} was not confirmed. ${error}`;
    }),
    ...(more > 0 ? [`The deliveries of ${more} more secrets were not confirmed.`] : []),
    'The checkout continued with the other stores. To use the missing secrets, correct the causes and request the checkout again under another id.',
  ];
};

/** Notes on secrets and leases that could not be closed. */
const leftOpen = ({ retired, retireError, checkedIn }: CheckoutStepInput): string[] => {
  const isTried = retired !== undefined || retireError !== undefined;
  return [
    ...(isTried && retired === undefined
      ? ['Delivered secrets still exist. `reap` retires them as soon as their store allows it.']
      : []),
    ...(isTried && checkedIn === undefined
      ? [
          'Its leases are not checked in. `reap` checks them in as soon as the vault allows it, unless they expire first.',
        ]
      : []),
  ];
};

/**
 * Only the order of the checkout itself, from its record or execution, names its requester. A release has its own
 * sender.
 */
const askedBy = ({ type, id, principal }: CheckoutStepInput['order']): Pick<CheckoutReport, 'id' | 'principal'> =>
  type === 'checkout.requested' ? { id, principal } : {};

/** Rule and id of the checkout, or its run if the id is unknown. */
const nameOf = ({ rule, run, id }: CheckoutReport): string => (id === undefined ? run : `${rule}.${id}`);

const describe = (report: CheckoutReport, key: string): string[] => {
  const { status, items, stores, ticket, notes } = report;
  return [
    `Checkout ${nameOf(report)}${ticket === undefined ? '' : `, ticket ${ticket}`}: ${status}.`,
    ...(items.length > 0 ? [`Accounts: ${items.join(', ')}.`] : []),
    ...(stores.length > 0 ? [`Stores: ${stores.join(', ')}.`] : []),
    ...notes,
    `Full report: ${key} in the records bucket.`,
  ];
};

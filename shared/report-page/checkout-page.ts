import type { CheckoutReport } from '#shared/records/checkout-record.ts';
import { renderReportPage } from './page.ts';

/** The page of one checkout, rendered from its report. Pure. */
export const renderCheckoutPage = (report: CheckoutReport): string => {
  const { rule, run, status, id, principal, items, stores, ticket, reason, deliveredAt, finishedAt, notes } = report;
  const known: readonly (readonly [string, string | undefined])[] = [
    ['Run', run],
    ['Id', id],
    ['Sender', principal?.id],
    ['Items', items.join(', ')],
    ['Stores', stores.join(', ')],
    ['Ticket', ticket],
    ['Reason', reason],
    ['Delivered', deliveredAt],
    ['Finished', finishedAt],
  ];
  return renderReportPage({
    title: `Checkout ${rule}`,
    status,
    facts: known.flatMap(([label, value]) => (value === undefined || value === '' ? [] : [[label, value] as const])),
    shares: [],
    concerns: [],
    notes,
  });
};

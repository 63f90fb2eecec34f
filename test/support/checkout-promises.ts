import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import { isOver } from '#local/simulators/password-safe/target-sessions.ts';
import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { signalAt } from '#shared/records/signals.ts';
import { openRequestsOfOurs, secretsIn } from '#test/support/crashable-promises.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';

export const CHECKOUT_FOLDER = 'checkouts/';

/** Names of the delivered secrets in all stores. */
export const deliveredNames = (relay: CrashableRelay): string[] => [
  ...secretsIn(relay, CHECKOUT_FOLDER),
  ...relay.otherStores.names(),
];

const placeOf = (order: CheckoutIdentity) => ({ rule: order.checkout, run: checkoutRun(order) });

/** A sentence for each broken promise once all work has ended. The checkouts in `running` have to go on. */
export const brokenCheckouts = (relay: CrashableRelay, running: readonly CheckoutIdentity[] = []): string[] => {
  const isRunning = (text: string) =>
    running.some((order) => text.includes(checkoutRun(order)) || text.includes(`/${order.id}/`));
  const onlyWhileRunning = (text: string, finding: string) =>
    isRunning(text) ? [] : [`${finding} after its checkout ended: ${text}`];
  return [
    ...openRequestsOfOurs(relay).flatMap(({ reason }) => onlyWhileRunning(reason, 'Request is open')),
    ...openTargetSessions(relay).flatMap((reason) => onlyWhileRunning(reason, 'Session is open')),
    ...deliveredNames(relay).flatMap((name) => onlyWhileRunning(name, 'Secret is delivered')),
    ...[...relay.signals.keys]
      .filter((key) => key.startsWith(checkoutAt.allOpen))
      .flatMap((key) => onlyWhileRunning(key, 'Checkout is marked as open')),
    ...running.flatMap((order) => notRunning(relay, order)),
    ...leaks(relay),
  ];
};

/**
 * The request reasons of open sessions, all of which the relay opened. Excludes sessions by the ISA role that were
 * never started: if the ticket was lost, the relay cannot identify the session, which ends when its time is over.
 */
const openTargetSessions = ({ simulator }: CrashableRelay): string[] =>
  simulator
    .sessions()
    .filter((session) => !isOver(session) && (session.request !== null || session.startedAt !== null))
    .map(({ request }) => request?.reason ?? '');

const notRunning = (relay: CrashableRelay, order: CheckoutIdentity): string[] => {
  const held = openRequestsOfOurs(relay).filter(({ reason }) => reason.includes(`/${checkoutRun(order)}/`));
  const delivered = secretsIn(relay, `${CHECKOUT_FOLDER}${order.id}/`);
  return [
    ...(held.length === 0 ? [`Checkout ${order.id} is running without its request.`] : []),
    ...(delivered.length === 0 ? [`Checkout ${order.id} is running without its secret.`] : []),
  ];
};

/** A sentence for each credential in a record, a signal, or the state of a workflow. */
const leaks = ({ records, signals, payloads }: CrashableRelay): string[] => {
  const written = [...records.objects].flat().concat([...signals.keys], payloads);
  return written.filter((text) => CANARY_PATTERN.test(text)).map((text) => `A credential is in ${text}`);
};

/** The report of a checkout; undefined if none was written. */
export const reportOf = ({ records }: CrashableRelay, order: CheckoutIdentity) => {
  const { key, schema } = checkoutAt.report(placeOf(order));
  const text = records.objects.get(key);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
};

const recordsOf = ({ records }: CrashableRelay): CheckoutRecord[] => {
  const written = [...records.objects].filter(([key]) => /^checkouts\/.*\/checkout\.json$/.test(key));
  return written.map(([, text]) => checkoutAt.record({ rule: '', run: '' }).schema.parse(JSON.parse(text)));
};

/** The secret names that only this checkout uses. */
const secretsOf = (relay: CrashableRelay, run: string): string[] => {
  const namesIn = (records: readonly CheckoutRecord[]) =>
    records.flatMap(({ items }) => items.flatMap(({ targets }) => targets.map(({ name }) => name)));
  const all = recordsOf(relay);
  const others = namesIn(all.filter((record) => record.run !== run));
  return namesIn(all.filter((record) => record.run === run)).filter((name) => !others.includes(name));
};

/** A sentence for each missing or wrong report of a recorded checkout. */
export const wrongReports = (relay: CrashableRelay, order: CheckoutIdentity): string[] => {
  const run = checkoutRun(order);
  const report = reportOf(relay, order);
  if (report === undefined)
    return recordsOf(relay).some((record) => record.run === run) ? [`Checkout ${run} was never reported.`] : [];
  const { status, deliveredAt } = report;
  const own = secretsOf(relay, run);
  // The delivery of a secret with a shared name cannot be attributed to a checkout.
  if (own.length === 0) return [];
  const verified =
    own.some((name) => relay.otherStores.received().has(name)) ||
    relay.manager.calls.some(
      ({ action, secretId = '', result }) => action === 'GetSecretValue' && result === 'ok' && own.includes(secretId),
    );
  // A release can retire verified secrets before the step that delivered them has returned.
  const isReleased = relay.signals.keys.has(signalAt.released(placeOf(order)));
  const isDelivered = relay.payloads.some((text) => text.includes(`"run":"${run}"`) && /"delivered":[1-9]/.test(text));
  const delivered = isReleased ? isDelivered : verified;
  const claimsDelivery = ['completed', 'released'].includes(status) || deliveredAt !== undefined;
  const deniesDelivery = ['cancelled', 'expired'].includes(status);
  return [
    ...(claimsDelivery && !verified ? [`Checkout ${run} is reported as ${status}, but nothing was delivered.`] : []),
    ...(deniesDelivery && delivered ? [`Checkout ${run} is reported as ${status}, but secrets were delivered.`] : []),
  ];
};

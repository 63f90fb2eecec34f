import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import { isOver } from '#local/simulators/password-safe/target-sessions.ts';
import { type CheckoutIdentity, checkoutRun } from '#shared/domain/checkout/identity.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { noteAt } from '#shared/records/notes.ts';
import { openRequestsOfOurs, secretsIn } from '#test/support/mortal-promises.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';

export const CHECKOUT_FOLDER = 'checkouts/';

const placeOf = (order: CheckoutIdentity) => ({ rule: order.checkout, run: checkoutRun(order) });

/** A sentence for each promise that does not hold although everything has come to rest; `running` is to go on. */
export const brokenCheckouts = (relay: MortalRelay, running: readonly CheckoutIdentity[] = []): string[] => {
  const isRunning = (text: string) =>
    running.some((order) => text.includes(checkoutRun(order)) || text.includes(`/${order.id}/`));
  const mayBeThere = (text: string, there: string) =>
    isRunning(text) ? [] : [`${there} although everything is over: ${text}`];
  return [
    ...openRequestsOfOurs(relay).flatMap(({ reason }) => mayBeThere(reason, 'A request is open')),
    ...openTargetSessions(relay).flatMap((reason) => mayBeThere(reason, 'A session goes on')),
    ...secretsIn(relay, CHECKOUT_FOLDER).flatMap((name) => mayBeThere(name, 'A secret is delivered')),
    ...[...relay.notes.keys]
      .filter((key) => key.startsWith(checkoutAt.allOpen))
      .flatMap((key) => mayBeThere(key, 'It counts as open')),
    ...running.flatMap((order) => notRunning(relay, order)),
    ...leaks(relay),
  ];
};

/**
 * The reasons of their requests. Nobody else opens sessions here. One by the ISA role whose ticket got lost before anybody
 * had it ends with its time, and there is no way to know it again.
 */
const openTargetSessions = ({ simulator }: MortalRelay): string[] =>
  simulator
    .sessions()
    .filter((session) => !isOver(session) && (session.request !== null || session.startedAt !== null))
    .map(({ request }) => request?.reason ?? '');

const notRunning = (relay: MortalRelay, order: CheckoutIdentity): string[] => {
  const held = openRequestsOfOurs(relay).filter(({ reason }) => reason.includes(`/${checkoutRun(order)}/`));
  const delivered = secretsIn(relay, `${CHECKOUT_FOLDER}${order.id}/`);
  return [
    ...(held.length === 0 ? [`Checkout ${order.id} goes on without its request.`] : []),
    ...(delivered.length === 0 ? [`Checkout ${order.id} goes on without its secret.`] : []),
  ];
};

/** A credential belongs into the store, and into no record, note, or state of a workflow. */
const leaks = ({ records, notes, said }: MortalRelay): string[] => {
  const written = [...records.objects].flat().concat([...notes.keys], said);
  return written.filter((text) => CANARY_PATTERN.test(text)).map((text) => `A credential is in ${text}`);
};

/** What the report says of how a checkout ended; undefined as long as there is none. */
export const reportOf = ({ records }: MortalRelay, order: CheckoutIdentity) => {
  const { key, schema } = checkoutAt.report(placeOf(order));
  const text = records.objects.get(key);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
};

const recordsOf = ({ records }: MortalRelay): CheckoutRecord[] => {
  const written = [...records.objects].filter(([key]) => /^checkouts\/.*\/checkout\.json$/.test(key));
  return written.map(([, text]) => checkoutAt.record({ rule: '', run: '' }).schema.parse(JSON.parse(text)));
};

/** The secrets that a checkout alone has delivered, if anybody has: others may use one of the same name. */
const secretsOf = (relay: MortalRelay, run: string): string[] => {
  const namesIn = (records: readonly CheckoutRecord[]) =>
    records.flatMap(({ items }) => items.map(({ secretName }) => secretName));
  const all = recordsOf(relay);
  const others = namesIn(all.filter((record) => record.run !== run));
  return namesIn(all.filter((record) => record.run === run)).filter((name) => !others.includes(name));
};

/** A checkout of which anything is known is reported, and the report says of it what is true. */
export const wrongReports = (relay: MortalRelay, order: CheckoutIdentity): string[] => {
  const run = checkoutRun(order);
  const report = reportOf(relay, order);
  if (report === undefined)
    return recordsOf(relay).some((record) => record.run === run) ? [`Checkout ${run} was never reported.`] : [];
  const { status, deliveredAt } = report;
  const own = secretsOf(relay, run);
  // Of what others may have delivered, too, nobody can say more.
  if (own.length === 0) return [];
  const verified = relay.manager.calls.some(
    ({ action, secretId = '', result }) => action === 'GetSecretValue' && result === 'ok' && own.includes(secretId),
  );
  // A release may have taken back what was verified before the step that did so could tell.
  const isReleased = relay.notes.keys.has(noteAt.released(placeOf(order)));
  const told = relay.said.some((text) => text.includes(`"run":"${run}"`) && /"delivered":[1-9]/.test(text));
  const delivered = isReleased ? told : verified;
  const claimsDelivery = ['completed', 'released'].includes(status) || deliveredAt !== undefined;
  const deniesDelivery = ['cancelled', 'expired'].includes(status);
  return [
    ...(claimsDelivery && !verified ? [`Checkout ${run} is reported as ${status}, and nothing was delivered.`] : []),
    ...(deniesDelivery && delivered ? [`Checkout ${run} is reported as ${status}, and something was delivered.`] : []),
  ];
};

import type { CheckedIn, CourseInput } from '#shared/checkout-workflow.ts';
import { sessionsOf } from '#shared/clients/password-safe/sessions-of.ts';
import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { checkoutNamed } from '#shared/config/checkout-named.ts';
import type { CheckoutConfig } from '#shared/config/schema.ts';
import { ACCESS_FOR } from '#shared/domain/checkout.ts';
import type { Marker } from '#shared/domain/marker.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { type Notes, noteAt, readSessions } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import { giveBackAll, listMarked } from './give-back.ts';

export interface CheckInCheckoutDependencies {
  readonly relayId: string;
  readonly checkouts: Readonly<Record<string, CheckoutConfig>>;
  readonly vaultOf: (connection: string) => Vault;
  readonly records: Records;
  readonly notes: Notes;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told that a session goes on although its request has ended. */
  readonly onSessionLeft: (error: RelayError) => void;
}

/**
 * Ends a checkout in the vault: its sessions first, then every request that is known to be its own or carries its marker.
 * Needs no more than the name of the run, so that a release, or whoever comes after a crash, can do it. Safe to repeat.
 */
export const createCheckInCheckout =
  ({ relayId, checkouts, vaultOf, records, notes, now, onSessionLeft }: CheckInCheckoutDependencies) =>
  async ({ run, order, requested }: CourseInput): Promise<CheckedIn> => {
    const record = await records.read(checkoutAt.record(order.checkout, run));
    const rule = record?.rule ?? checkoutNamed(checkouts, order.checkout);
    const known = requested?.leases.map(({ requestId }) => requestId) ?? [];
    const marker = { relayId, run, batch: 0 };
    // By the ISA role there are none, and a user who has that role alone may not even ask for them.
    const hasRequests = rule.access === 'request';
    const mayHaveSessions = ACCESS_FOR[rule.handsOut] !== 'View';
    const opened = mayHaveSessions ? readSessions(await notes.list(noteAt.prefix(order.checkout, run))) : [];
    if (!hasRequests && opened.length === 0) return { at: new Date(now()).toISOString(), givenBack: 0 };
    return vaultOf(rule.connection).withSession(async (session) => {
      const ofRequests = () => (hasRequests ? sessionsOfOurs(session, known, marker) : []);
      const left = mayHaveSessions ? await endSessions(session, run, opened, ofRequests) : undefined;
      const given = hasRequests ? await giveBackAll(session, known, marker) : [];
      const [failure] = given.flatMap((one) => one.failure ?? []);
      if (failure !== undefined) throw failure;
      if (left?.retryable) throw left;
      if (left !== undefined) onSessionLeft(left);
      const latest = Math.max(...given.flatMap(({ at }) => at ?? []));
      return { at: new Date(Number.isFinite(latest) ? latest : now()).toISOString(), givenBack: given.length };
    });
  };

/** The sessions of the requests that are known to be ours, or carry the marker. */
const sessionsOfOurs = async (session: VaultSession, known: readonly number[], marker: Marker): Promise<number[]> =>
  sessionsOf(session, new Set([...known, ...(await listMarked(session, marker))]));

/**
 * The vault ends a session with its request where its policy says so. Where it does not, and the relay's user may not
 * either, the session goes on until its own end: what stood in the way is given back, and is no reason to leave the
 * request open.
 */
const endSessions = async (
  session: VaultSession,
  run: string,
  opened: readonly number[],
  ofRequests: () => number[] | Promise<number[]>,
): Promise<RelayError | undefined> => {
  try {
    for (const sessionId of new Set([...opened, ...(await ofRequests())])) await session.terminateSession(sessionId);
    return undefined;
  } catch (thrown) {
    return asRelayError(thrown, `Ending the sessions of ${run}`);
  }
};

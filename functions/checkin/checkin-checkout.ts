import type { CheckedIn, CourseInput } from '#shared/checkout-workflow.ts';
import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { checkoutNamed } from '#shared/config/checkout-named.ts';
import type { CheckoutConfig } from '#shared/config/schema.ts';
import { ACCESS_FOR } from '#shared/domain/checkout.ts';
import { RelayError } from '#shared/errors.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import type { Records } from '#shared/records/records.ts';
import { giveBackAll } from './give-back.ts';

export interface CheckInCheckoutDependencies {
  readonly relayId: string;
  readonly checkouts: Readonly<Record<string, CheckoutConfig>>;
  readonly vaultOf: (connection: string) => Vault;
  readonly records: Records;
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
  ({ relayId, checkouts, vaultOf, records, now, onSessionLeft }: CheckInCheckoutDependencies) =>
  async ({ run, order, requested, retrieved }: CourseInput): Promise<CheckedIn> => {
    const record = await records.read(checkoutAt.record(order.checkout, run));
    const rule = record?.rule ?? checkoutNamed(checkouts, order.checkout);
    const known = requested?.leases.map(({ requestId }) => requestId) ?? [];
    return vaultOf(rule.connection).withSession(async (session) => {
      if (ACCESS_FOR[rule.handsOut] !== 'View') {
        await endSessions(session, known, retrieved?.sessions ?? [], onSessionLeft);
      }
      const given = await giveBackAll(session, known, { relayId, run, batch: 0 });
      const [failure] = given.flatMap((one) => one.failure ?? []);
      if (failure !== undefined) throw failure;
      const latest = Math.max(...given.flatMap(({ at }) => at ?? []));
      return { at: new Date(Number.isFinite(latest) ? latest : now()).toISOString(), givenBack: given.length };
    });
  };

/**
 * The vault ends a session with its request where its policy says so. Where it does not, and the relay's user may not
 * either, the session goes on until its own end: that is told, and is no reason to leave the request open.
 */
const endSessions = async (
  session: VaultSession,
  requestIds: readonly number[],
  sessionIds: readonly number[],
  onSessionLeft: (error: RelayError) => void,
): Promise<void> => {
  try {
    const byRequest = (await session.listSessions())
      .filter(({ requestId }) => requestId !== undefined && requestIds.includes(requestId))
      .map(({ sessionId }) => sessionId);
    for (const sessionId of new Set([...sessionIds, ...byRequest])) await session.terminateSession(sessionId);
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.retryable) throw thrown;
    onSessionLeft(thrown);
  }
};

import type { CheckoutLease, CheckoutRun, Requested } from '#shared/checkout-workflow.ts';
import type { OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { describeAccount, nameInVault } from '#shared/domain/account.ts';
import { ACCESS_FOR } from '#shared/domain/checkout.ts';
import type { RequestTerms } from '#shared/domain/lease.ts';
import { isSameMarker, type Marker, readMarker, withMarker } from '#shared/domain/marker.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Records, readRequired } from '#shared/records/records.ts';

export interface RequestCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Vault;
  readonly records: Records;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Item = CheckoutRecord['items'][number];

/**
 * Opens a request for each account of a checkout that has none yet, in the order of the record. Stops at the first
 * account that somebody else has, or whose credential is just being changed: then the checkout waits, and asks again
 * later. Safe to repeat: what an earlier attempt opened is found by the marker in its reason.
 */
export const createRequestCheckout =
  ({ relayId, vaultOf, records, now }: RequestCheckoutDependencies) =>
  async ({ run, order }: CheckoutRun): Promise<Requested> => {
    const record = await readRequired(records, checkoutAt.record(order.checkout, run));
    const marker = { relayId, run, batch: 0 };
    return vaultOf(record.rule.connection).withSession(async (session) => {
      const earlier = await listOurs(session, marker);
      const missing = record.items.filter((item) => !earlier.some((row) => isFor(row, item)));
      // All of them before any is opened: what one account is refused for would cost the others a release.
      const terms: RequestTerms[] = [];
      for (const item of missing) terms.push(await agreeOnTerms(session, record, item, marker, now()));
      const mayBeStale = ACCESS_FOR[record.rule.handsOut] === 'View' && (await isAnyChanging(session, missing));
      const conflict = mayBeStale || !(await openAll(session, terms));
      const ours = await listOurs(session, marker);
      return {
        at: new Date(now()).toISOString(),
        conflict,
        leases: record.items.flatMap((item, index) => leaseOf(ours, item, index)),
      };
    });
  };

const listOurs = async (session: VaultSession, marker: Marker): Promise<OpenRequest[]> =>
  (await session.listOpenRequests()).filter(({ reason }) => isSameMarker(readMarker(reason), marker));

const isFor = (row: OpenRequest, { account }: Item): boolean =>
  row.systemId === account.systemId && row.accountId === account.accountId;

const leaseOf = (ours: readonly OpenRequest[], item: Item, index: number): CheckoutLease[] => {
  const row = ours.find((candidate) => isFor(candidate, item));
  return row === undefined
    ? []
    : [
        {
          item: index,
          requestId: row.requestId,
          status: row.status,
          ...(row.expiresAt && { expiresAt: row.expiresAt }),
        },
      ];
};

/** What the end of another request has queued would make stale what we read now. A session reads by itself. */
const isAnyChanging = async (session: VaultSession, items: readonly Item[]): Promise<boolean> => {
  for (const { account } of items) {
    const row = await session.findAccount(account.systemName, nameInVault(account));
    if (row?.changing === true) return true;
  }
  return false;
};

/** False when one of them has to wait for somebody else; those after it are not asked for yet. */
const openAll = async (session: VaultSession, terms: readonly RequestTerms[]): Promise<boolean> => {
  for (const one of terms) if (!(await open(session, one))) return false;
  return true;
};

/** False when somebody has a request for the account: another checkout of ours, too. That one is never shared. */
const open = async (session: VaultSession, terms: RequestTerms): Promise<boolean> => {
  try {
    return !(await session.openRequest(terms)).reused;
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.name === 'RequestConflict') return false;
    throw thrown;
  }
};

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
/** So that it is we who end a request, and the vault only if we can't. */
const SPARE_MINUTES = 5;

/** Asks the vault, without any effect, what it would grant, and what it wants to know. */
const agreeOnTerms = async (
  session: VaultSession,
  { rule, order, items }: CheckoutRecord,
  { account }: Item,
  marker: Marker,
  now: number,
): Promise<RequestTerms> => {
  const refuse = (problem: string): never => {
    throw new RelayError('CheckoutRefused', `Checkout ${marker.run}: ${problem}`);
  };
  const accessType = ACCESS_FOR[rule.handsOut];
  const windowMinutes =
    'until' in order.window ? Math.ceil((Date.parse(order.window.until) - now) / MINUTE_MS) : order.window.minutes;
  const offers = (await session.testAccess(account, Math.max(1, windowMinutes))).filter(
    (offer) => offer.accessType === accessType,
  );
  const [offer] = offers.toSorted((one, other) => one.minApprovers - other.minApprovers);
  if (offer === undefined) {
    return refuse(
      `no access policy gives the relay's user ${accessType} access to ${describeAccount(account)} now, for ${windowMinutes} minutes. Look at the schedules of its policy.`,
    );
  }
  if (offer.requiresTicket && order.ticket === undefined) {
    refuse(`the access policy of ${describeAccount(account)} asks for a ticket. Send its number as "ticket".`);
  }
  // The first of several accounts has to last while the others are waited for.
  const mayWait = offer.minApprovers > 0 || items.length > 1;
  const waiting = mayWait ? rule.approvalHours * HOUR_MINUTES : 0;
  const wanted = Math.max(1, windowMinutes) + rule.extensionMinutes + waiting + SPARE_MINUTES;
  return {
    systemId: account.systemId,
    accountId: account.accountId,
    applicationId: account.applicationId,
    accessType,
    durationMinutes: Math.min(wanted, account.maximumReleaseMinutes ?? wanted),
    reason: withMarker(order.reason, marker),
    ticket:
      order.ticket === undefined
        ? undefined
        : { number: order.ticket, systemId: rule.ticketSystemId ?? offer.ticketSystemId },
    rotateOnCheckIn: rule.rotateOnCheckIn,
    whenOpen: 'refuse',
  };
};

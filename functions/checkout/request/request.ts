import { findOne } from '#shared/connections/find-one.ts';
import type { HeldLease, Leases, LeaseTerms, Offer, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { minutesToRequest } from '#shared/domain/checkout/window.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type Marker, withMarker } from '#shared/leases/marker.ts';
import { findOurs, isFor, markedAs } from '#shared/leases/ours.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import { isOver, type Signals } from '#shared/records/signals.ts';
import type { CheckoutLease, CheckoutRun, Requested } from '#shared/workflows/checkout.ts';

export interface RequestCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** An item, and the terms to request its lease with. */
interface Agreed {
  readonly item: Item;
  readonly terms: LeaseTerms;
}

/**
 * Opens a lease for each item of a checkout that has none yet, in the order of the record. Stops at the first item that
 * has another lease, or whose credential is being changed. The checkout then waits and requests again. Repeatable:
 * leases of earlier attempts are found by the marker in their reason.
 */
export const createRequestCheckout =
  ({ relayId, vaultOf, records, signals, now }: RequestCheckoutDependencies) =>
  async ({ order: _, ...run }: CheckoutRun): Promise<Requested> => {
    const { workflow, rule, run: name } = run;
    const at = new Date(now()).toISOString();
    // A redriven or late step must not open a lease that no other step would close.
    const hasEnded = () => isOver(signals, run);
    if (await hasEnded()) return { at, conflict: true, leases: [] };
    const record = await readRequired(records, checkoutAt.record(run));
    const { settings, items } = record;
    const marker = { relayId, workflow, rule, run: name, batch: 0 };
    const vault = await vaultOf(settings.connection);
    const { opens } = vault.rules(settings);
    return vault.session(async (session) => {
      const access = session.access(settings);
      if (access.kind !== 'leases') throw unsupported(settings.connection, access.kind);
      // An unreadable lease of ours causes a conflict when it is requested again.
      const earlier = await findOurs(access, markedAs(marker), () => {});
      const missing = items.map(({ item }) => item).filter((item) => !earlier.some((lease) => isFor(lease, item.ref)));
      // Agrees on all terms before it opens any lease, so that a refusal of one item causes no release of the others.
      const agreed: Agreed[] = [];
      for (const item of missing) agreed.push({ item, terms: await agreeOnTerms(access, record, item, marker, now()) });
      const mayBeStale = opens === 'credential' && (await isAnyChanging(session, settings, missing));
      const conflict = mayBeStale || !(await openAll(access, agreed, hasEnded));
      const unreadable: RelayError[] = [];
      const ours = await findOurs(access, markedAs(marker), (error) => unreadable.push(error));
      const opened = items.flatMap(({ item }, index) => leaseOf(ours, item, index));
      if (unreadable[0] !== undefined && !conflict && opened.length < items.length) throw unreadable[0];
      return { at: new Date(now()).toISOString(), conflict, leases: opened };
    });
  };

const leaseOf = (ours: readonly HeldLease[], { ref }: Item, index: number): CheckoutLease[] => {
  const lease = ours.find((candidate) => isFor(candidate, ref));
  if (lease === undefined) return [];
  const { id, status, endsAt } = lease;
  return [{ item: index, id, status, ...(endsAt !== undefined && { endsAt }) }];
};

/**
 * True if a change is in progress or queued, which would make a credential that is read now stale. A target session is
 * not affected, because the vault supplies its credential.
 */
const isAnyChanging = async (session: VaultSession, source: Source, items: readonly Item[]): Promise<boolean> => {
  for (const { labels } of items) if ((await findOne(session, source, labels))?.changing === true) return true;
  return false;
};

/** False if an item has to wait for another lease, or the checkout has ended. The remaining leases are not opened. */
const openAll = async (
  leases: Leases,
  agreed: readonly Agreed[],
  hasEnded: () => Promise<boolean>,
): Promise<boolean> => {
  for (const one of agreed) if ((await hasEnded()) || !(await open(leases, one))) return false;
  return true;
};

/** False if the item has another lease, even one of another checkout of this relay. Leases are never shared. */
const open = async (leases: Leases, { item, terms }: Agreed): Promise<boolean> => {
  try {
    return (await leases.open(item, terms)).ours;
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.name === 'RequestConflict') return false;
    throw thrown;
  }
};

const HOUR_MINUTES = 60;
/** Margin that lets the relay check in a lease before the vault ends it. */
const MARGIN_MINUTES = 5;

/** Determines the terms of a lease from the offers of the vault. Opens nothing. */
const agreeOnTerms = async (
  leases: Leases,
  { settings, order, items }: CheckoutRecord,
  item: Item,
  marker: Marker,
  now: number,
): Promise<LeaseTerms> => {
  const refuse = (problem: string): never => {
    throw new RelayError('CheckoutRefused', `Checkout ${order.checkout}.${order.id}: ${problem}`);
  };
  const minutes = minutesToRequest(order.window, now);
  const offers = await leases.offers?.(item, minutes);
  const offer = offers?.toSorted((one, other) => one.approvers - other.approvers)[0];
  if (offers !== undefined && offer === undefined) {
    refuse(
      `no access policy grants the relay's user this kind of access to ${item.title} now for ${minutes} minutes. Check the schedules of the policy.`,
    );
  }
  if (offer?.needsTicket === true && order.ticket === undefined) {
    refuse(`the access policy of ${item.title} requires a ticket. Send its number as "ticket".`);
  }
  return {
    reason: withMarker(order.reason, marker),
    minutes: minutes + settings.extensionMinutes + waitingMinutes(settings, items.length, offer) + MARGIN_MINUTES,
    ticket: order.ticket,
    changeAtEnd: settings.rotateOnCheckIn,
    whenHeld: 'refuse',
    offer,
  };
};

/** Longest wait before a lease is used. The lease of the first item must outlast the approvals of the others. */
const waitingMinutes = (
  { approvalHours }: CheckoutRecord['settings'],
  items: number,
  offer: Offer | undefined,
): number => ((offer?.approvers ?? 0) > 0 || items > 1 ? approvalHours * HOUR_MINUTES : 0);

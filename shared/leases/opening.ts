import type { Leases, LeaseTerms, Offer } from '#shared/connections/vault.ts';
import { minutesToRequest } from '#shared/domain/checkout/window.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type Marker, withMarker } from '#shared/leases/marker.ts';
import type { CheckoutRecord } from '#shared/records/checkout-record.ts';

/** Opening of the leases of a checkout: the terms first, then one lease after the other. */

/** An item, and the terms to request its lease with. */
interface Agreed {
  readonly item: Item;
  readonly terms: LeaseTerms;
  /** Status of the lease right after its opening, if all offers of the vault agree on it. */
  readonly status?: 'pending' | 'active' | undefined;
}

/** A lease that was opened for an agreed item. */
export interface OpenedLease extends Agreed {
  readonly id: string;
  /** End of the lease, if the vault returns it. */
  readonly endsAt?: string | undefined;
}

/**
 * `conflict`: an item has to wait for another lease, or the checkout has ended. The remaining leases are not opened.
 */
interface Openings {
  readonly conflict: boolean;
  readonly opened: readonly OpenedLease[];
}

/** Fields of the record that determine the terms. */
type Ordered = Pick<CheckoutRecord, 'settings' | 'order'>;

/**
 * Determines the terms of leases from the offers of the vault, for a checkout of `count` items. Opens nothing, so that
 * a refusal of one item causes no release of the others. Raises `CheckoutRefused`. Repeatable.
 */
export const agreeOnAll = async (
  leases: Leases,
  ordered: Ordered,
  items: readonly Item[],
  { count, marker, now }: { readonly count: number; readonly marker: Marker; readonly now: number },
): Promise<Agreed[]> => {
  const agreed: Agreed[] = [];
  for (const item of items) agreed.push(await agree(leases, ordered, item, { count, marker, now }));
  return agreed;
};

const HOUR_MINUTES = 60;
/** Margin that lets the relay check in a lease before the vault ends it. */
const MARGIN_MINUTES = 5;

const agree = async (
  leases: Leases,
  { settings, order }: Ordered,
  item: Item,
  { count, marker, now }: { readonly count: number; readonly marker: Marker; readonly now: number },
): Promise<Agreed> => {
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
  const terms: LeaseTerms = {
    reason: withMarker(order.reason, marker),
    minutes: minutes + settings.extensionMinutes + waitingMinutes(settings, count, offer) + MARGIN_MINUTES,
    ticket: order.ticket,
    changeAtEnd: settings.rotateOnCheckIn,
    whenHeld: 'refuse',
    offer,
  };
  return { item, terms, status: statusAfter(offers) };
};

/** Longest wait before a lease is used. The lease of the first item must outlast the approvals of the others. */
const waitingMinutes = (
  { approvalHours }: CheckoutRecord['settings'],
  items: number,
  offer: Offer | undefined,
): number => ((offer?.approvers ?? 0) > 0 || items > 1 ? approvalHours * HOUR_MINUTES : 0);

/** The vault does not tell which of several offers it will apply. */
const statusAfter = (offers: readonly Offer[] = []): Agreed['status'] => {
  const statuses = new Set(offers.map(({ approvers }) => (approvers > 0 ? 'pending' : 'active')));
  const [status] = statuses;
  return statuses.size === 1 ? status : undefined;
};

/**
 * Opens leases in the given order, until the checkout ends or an item has another lease, even one of another checkout
 * of this relay: leases are never shared. Not repeatable.
 */
export const openAll = async (
  leases: Leases,
  agreed: readonly Agreed[],
  hasEnded: () => Promise<boolean>,
): Promise<Openings> => {
  const opened: OpenedLease[] = [];
  for (const one of agreed) {
    const lease = (await hasEnded()) ? undefined : await open(leases, one);
    if (lease === undefined) return { conflict: true, opened };
    opened.push(lease);
  }
  return { conflict: false, opened };
};

/** Undefined if the item has another lease. */
const open = async (leases: Leases, agreed: Agreed): Promise<OpenedLease | undefined> => {
  try {
    const { id, ours, endsAt } = await leases.open(agreed.item, agreed.terms);
    return ours ? { ...agreed, id, endsAt } : undefined;
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.name === 'RequestConflict') return undefined;
    throw thrown;
  }
};

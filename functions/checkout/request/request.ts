import { findOne } from '#shared/connections/find-one.ts';
import type { HeldLease, Leases, LeaseTerms, Offer, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { minutesToAskFor } from '#shared/domain/checkout/window.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type Marker, withMarker } from '#shared/leases/marker.ts';
import { findOurs, isFor, markedAs } from '#shared/leases/ours.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { type CheckoutRecord, checkoutAt } from '#shared/records/checkout-record.ts';
import { isOver, type Notes } from '#shared/records/notes.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import type { CheckoutLease, CheckoutRun, Requested } from '#shared/workflows/checkout.ts';

export interface RequestCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: Records;
  readonly notes: Pick<Notes, 'list'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** An item, and the terms that a lease for it is asked for with. */
interface Agreed {
  readonly item: Item;
  readonly terms: LeaseTerms;
}

/**
 * Opens a lease for each item of a checkout that has none yet, in the order of the record. Stops at the first item that
 * somebody else has, or whose credential is just being changed: then the checkout waits, and asks again later. Repeatable:
 * what an earlier attempt opened is found by the marker in its reason.
 */
export const createRequestCheckout =
  ({ relayId, vaultOf, records, notes, now }: RequestCheckoutDependencies) =>
  async ({ order: _, ...run }: CheckoutRun): Promise<Requested> => {
    const { workflow, rule, run: name } = run;
    const at = new Date(now()).toISOString();
    // A step that was redriven, or is late, opens nothing that no other step would close.
    const hasEnded = () => isOver(notes, run);
    if (await hasEnded()) return { at, conflict: true, leases: [] };
    const record = await readRequired(records, checkoutAt.record(run));
    const { settings, items } = record;
    const marker = { relayId, workflow, rule, run: name, batch: 0 };
    const vault = await vaultOf(settings.connection);
    const { opens } = vault.rules(settings);
    return vault.session(async (session) => {
      const access = session.access(settings);
      if (access.kind !== 'leases') throw unsupported(settings.connection, access.kind);
      // One of ours that can't be read is a conflict when it is asked for again.
      const earlier = await findOurs(access, markedAs(marker), () => {});
      const missing = items.map(({ item }) => item).filter((item) => !earlier.some((lease) => isFor(lease, item.ref)));
      // All of them before any is opened: what one item is refused for would cost the others a release.
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

/** What the end of another lease has queued would make stale what we read now. A target session reads by itself. */
const isAnyChanging = async (session: VaultSession, source: Source, items: readonly Item[]): Promise<boolean> => {
  for (const { labels } of items) if ((await findOne(session, source, labels))?.changing === true) return true;
  return false;
};

/** False when one of them has to wait for another checkout or a person, or this one has ended; the rest stays closed. */
const openAll = async (
  leases: Leases,
  agreed: readonly Agreed[],
  hasEnded: () => Promise<boolean>,
): Promise<boolean> => {
  for (const one of agreed) if ((await hasEnded()) || !(await open(leases, one))) return false;
  return true;
};

/** False when somebody holds a lease for the item: another checkout of ours, too. That one is never shared. */
const open = async (leases: Leases, { item, terms }: Agreed): Promise<boolean> => {
  try {
    return (await leases.open(item, terms)).ours;
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.name === 'RequestConflict') return false;
    throw thrown;
  }
};

const HOUR_MINUTES = 60;
/** So that it is we who close a lease, and the vault only if we can't. */
const SPARE_MINUTES = 5;

/** Asks the vault, without any effect, what it would grant, and what it wants to know. */
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
  const minutes = minutesToAskFor(order.window, now);
  const offers = await leases.offers?.(item, minutes);
  const offer = offers?.toSorted((one, other) => one.approvers - other.approvers)[0];
  if (offers !== undefined && offer === undefined) {
    refuse(
      `no access policy gives the relay's user this kind of access to ${item.title} now, for ${minutes} minutes. Look at the schedules of its policy.`,
    );
  }
  if (offer?.needsTicket === true && order.ticket === undefined) {
    refuse(`the access policy of ${item.title} asks for a ticket. Send its number as "ticket".`);
  }
  return {
    reason: withMarker(order.reason, marker),
    minutes: minutes + settings.extensionMinutes + waitingMinutes(settings, items.length, offer) + SPARE_MINUTES,
    ticket: order.ticket,
    changeAtEnd: settings.rotateOnCheckIn,
    whenHeld: 'refuse',
    offer,
  };
};

/** For how long a lease may have to wait before it is used: the first of several items has to outlast the others' approvals. */
const waitingMinutes = (
  { approvalHours }: CheckoutRecord['settings'],
  items: number,
  offer: Offer | undefined,
): number => ((offer?.approvers ?? 0) > 0 || items > 1 ? approvalHours * HOUR_MINUTES : 0);

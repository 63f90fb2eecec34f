import { findOne } from '#shared/connections/find-one.ts';
import type { HeldLease, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { RelayError } from '#shared/errors.ts';
import { agreeOnAll, openAll } from '#shared/leases/opening.ts';
import { findOurs, isFor, markedAs } from '#shared/leases/ours.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import { checkoutAt } from '#shared/records/checkout-record.ts';
import { type Records, readRequired } from '#shared/records/records.ts';
import { isOver, type Signals } from '#shared/records/signals.ts';
import type { IsRotating } from '#shared/rotation/is-rotating.ts';
import type { CheckoutLease, CheckoutRun, Requested } from '#shared/workflows/checkout.ts';

export interface RequestCheckoutDependencies {
  readonly relayId: string;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly records: Records;
  readonly signals: Pick<Signals, 'list'>;
  readonly isRotating: IsRotating;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Opens a lease for each item of a checkout that has none yet, in the order of the record. Stops at the first item that
 * has another lease, or whose credential is being changed. The checkout then waits and requests again. Repeatable:
 * leases of earlier attempts are found by the marker in their reason.
 */
export const createRequestCheckout =
  ({ relayId, vaultOf, records, signals, isRotating, now }: RequestCheckoutDependencies) =>
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
      const missing = items.map(({ item }) => item).filter((item) => !earlier.some((lease) => isFor(lease, item)));
      const agreed = await agreeOnAll(access, record, missing, { count: items.length, marker, now: now() });
      const isChanging = async (): Promise<boolean> =>
        (await isRotating(settings.connection, missing)) || isAnyChanging(session, settings, missing);
      const mayBeStale = opens === 'credential' && missing.length > 0 && (await isChanging());
      if (!mayBeStale && missing.length > 0) await access.admit?.(missing.length);
      const conflict = mayBeStale || (await openAll(access, agreed, hasEnded)).conflict;
      const unreadable: RelayError[] = [];
      const ours = await findOurs(access, markedAs(marker), (error) => unreadable.push(error));
      const opened = items.flatMap(({ item }, index) => leaseOf(ours, item, index));
      if (unreadable[0] !== undefined && !conflict && opened.length < items.length) throw unreadable[0];
      return { at: new Date(now()).toISOString(), conflict, leases: opened };
    });
  };

const leaseOf = (ours: readonly HeldLease[], item: Item, index: number): CheckoutLease[] => {
  const lease = ours.find((candidate) => isFor(candidate, item));
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

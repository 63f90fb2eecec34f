import { findOne } from '#shared/connections/find-one.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import { type LeaseState, MIN_LOOK_MS } from '#shared/domain/checkout/next-action.ts';
import { RelayError } from '#shared/errors.ts';
import { unsupported } from '#shared/leases/unsupported.ts';
import type { CheckoutRecord } from '#shared/records/checkout-record.ts';
import type { CheckedIn, CheckoutStepInput, Requested } from '#shared/workflows/checkout.ts';

/** Looks at the vault, and the times at which they can show something. */

/** True if enough time has passed since `at` for a look at the vault to show something else. */
const isDue = (at: string, now: number): boolean => now - Date.parse(at) >= MIN_LOOK_MS;

/**
 * True right after the check-in, which the vault answers before it changes the credential. A release has closed the
 * checkout earlier.
 */
export const hasJustClosed = (
  { order }: CheckoutStepInput,
  { at, closed }: CheckedIn,
  { released, now }: { readonly released: boolean; readonly now: number },
): boolean => {
  const isClosedByRelease = released && order.type === 'checkout.requested';
  return closed > 0 && !isClosedByRelease && !isDue(at, now);
};

/** State of our leases. If the vault cannot provide it, the last known state applies: unknown does not mean ended. */
export const statesOf = async (
  vault: Vault,
  { settings }: CheckoutRecord,
  { at, leases }: Requested,
  now: number,
): Promise<LeaseState[]> => {
  const remembered = leases.map(({ status, endsAt }) => ({ status, endsAt: toMs(endsAt) }));
  if (leases.every(({ status }) => status === 'active') || !isDue(at, now)) return remembered;
  const unreadable: RelayError[] = [];
  try {
    const held = await vault.session((session) => {
      const access = session.access(settings);
      if (access.kind !== 'leases') throw unsupported(settings.connection, access.kind);
      return access.held((error) => unreadable.push(error));
    });
    return leases.map(({ id, status, endsAt }) => {
      const lease = held.find((candidate) => candidate.id === id);
      // An unreadable lease could be this one.
      const otherwise = unreadable.length === 0 ? 'gone' : status;
      return { status: lease?.status ?? otherwise, endsAt: toMs(lease?.endsAt ?? endsAt) };
    });
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.retryable) return remembered;
    throw thrown;
  }
};

const toMs = (date: string | undefined): number | undefined => (date === undefined ? undefined : Date.parse(date));

/**
 * Time after which a change of the credential invalidates the delivered one: the time of the delivery. A release has no
 * such time and uses its own check-in, or the time of the plan if everything was already closed, for example by `reap`.
 * There is no tolerance for dates that the vault rounds down, because an earlier checkout can cause a change shortly
 * before this time.
 */
export const changeCountsFrom = (
  record: CheckoutRecord,
  { retrieved }: CheckoutStepInput,
  checkedIn: CheckedIn,
): number => Date.parse(retrieved?.at ?? (checkedIn.closed > 0 ? checkedIn.at : record.plannedAt));

export const haveChanged = async (
  vault: Vault,
  { items, settings }: CheckoutRecord,
  since: number,
): Promise<boolean> => {
  const hasChanged = async (session: VaultSession, { item }: CheckoutRecord['items'][number]): Promise<boolean> => {
    const now = await findOne(session, settings, item.labels);
    return (
      now !== undefined && now.changing !== true && now.changedAt !== undefined && Date.parse(now.changedAt) >= since
    );
  };
  try {
    return await vault.session(async (session) => {
      for (const item of items) if (!(await hasChanged(session, item))) return false;
      return true;
    });
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.retryable) return false;
    throw thrown;
  }
};

import type { Item, ItemRef } from '#shared/domain/item.ts';
import { asRelayError } from '#shared/errors.ts';
import { type Claim, type Claimant, claimAt, isFormerHold } from '#shared/leases/claim-record.ts';
import { readMarker } from '#shared/leases/marker.ts';
import {
  type Change,
  changeOrRemove,
  changeRecord,
  REMOVED,
  type RemovableRecords,
} from '#shared/records/shared-record.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

/** A hold on an item, under which no run of the relay claims it. Without a release it ends after 16 minutes. */
interface Hold {
  /** Never raises. */
  release(): Promise<void>;
}

/** Claims of the relay in one vault, over any connection. No call raises: an unreadable claim is a reason. */
export interface OwnClaims {
  /** Reason why the open lease of an item may be the relay's own; undefined if it is not. Repeatable. */
  find(ref: ItemRef): Promise<string | undefined>;
  /** Keeps the runs of the relay away from an item, or returns the same reason. */
  hold(item: Pick<Item, 'ref' | 'title' | 'labels'>): Promise<Hold | string>;
}

interface OwnClaimsOptions extends Claimant {
  readonly records: RemovableRecords;
  /** A text of word characters that was never used before. */
  readonly newId: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export const createOwnClaims = ({ site, user, records, newId, now }: OwnClaimsOptions): OwnClaims => ({
  async find(ref) {
    try {
      const claim = (await records.read(claimAt.item(site, ref)))?.record;
      return claim === undefined || isFormerHold(claim, now()) ? undefined : reasonOf(claim);
    } catch (thrown) {
      return doubt(thrown);
    }
  },

  async hold({ ref, title, labels }) {
    const place = claimAt.item(site, ref);
    const fresh: Claim = {
      ...{ id: newId(), item: { ref, title, labels }, user, reason: 'The end of an old check-out.' },
      ...{ claimedAt: new Date(now()).toISOString(), heldUntil: new Date(now() + MAX_INVOCATION_MS).toISOString() },
      ...{ attempts: [], checkIns: [], closing: false },
    };
    try {
      const other = await changeRecord<Claim, Claim | undefined>(records, place, (current) => {
        if (current === undefined || isFormerHold(current, now())) return { next: fresh, result: undefined };
        return { result: current.id === fresh.id ? undefined : current };
      });
      if (other !== undefined) return reasonOf(other);
    } catch (thrown) {
      return doubt(thrown);
    }
    const decide = (current: Claim | undefined): Change<Claim | typeof REMOVED, undefined> => ({
      ...(current?.id === fresh.id && { next: REMOVED }),
      result: undefined,
    });
    return { release: () => changeOrRemove<Claim, undefined>(records, place, decide).catch(() => undefined) };
  },
});

const reasonOf = ({ reason, heldUntil }: Claim): string => {
  if (heldUntil !== undefined) return 'Another rule of the relay is ending it.';
  const { run } = readMarker(reason) ?? {};
  return `The relay itself has it open${run === undefined ? '' : `, in the run ${run}`}.`;
};

const doubt = (thrown: unknown): string =>
  `It may be the relay's own: ${asRelayError(thrown, 'Reading a claim').message}`;

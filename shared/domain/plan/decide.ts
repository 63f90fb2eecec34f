import { type Item, itemKey } from '#shared/domain/item.ts';
import { followsOwnCheckIn, isParked, type Memory, rotatesAgain, type Trouble } from '#shared/domain/memory.ts';
import { revise, revisionOf, type Stamp } from '#shared/domain/stamp.ts';

/** What a plan knows about one target: the item in the vault's list, its stamp, and what the store's list says of it. */
export interface Candidate {
  readonly item: Item;
  /** As the vault lists the item now. */
  readonly stamp: Stamp;
  /** What the store holds; undefined while it holds nothing that was delivered. */
  readonly held: Stamp | undefined;
}

export interface PlanRules {
  readonly mode: 'changes' | 'verify';
  readonly retryParked: boolean;
  readonly rotationWindowMinutes: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type Decision =
  /** Read the credential; deliver it with this stamp (in verify mode only when the value differs). */
  | { readonly kind: 'deliver'; readonly stamp: Stamp }
  | { readonly kind: 'unchanged' }
  /** The vault is changing the credential: the next run reads the new one. */
  | { readonly kind: 'changing' }
  | { readonly kind: 'parked'; readonly trouble: Trouble; readonly newly: boolean };

/**
 * Decides what a sync does about one target. In this order: what is current needs nothing; what is being changed waits; what
 * the vault rotates after our own check-ins is parked before it costs another; what is parked stays so; the rest is
 * delivered. A verify run reads current ones, too, under a revision of the same stamp in case they differ. Pure.
 */
export const decide = ({ item, stamp, held }: Candidate, memory: Memory, rules: PlanRules): Decision => {
  const revision = revisionOf(stamp, held);
  if (revision !== undefined && rules.mode === 'changes') return { kind: 'unchanged' };
  if (item.changing === true) return { kind: 'changing' };

  const key = itemKey(item.ref);
  const trouble = memory.troubles[key];
  if (!rules.retryParked) {
    if (trouble !== undefined && isParked(trouble, rules.now)) return { kind: 'parked', trouble, newly: false };
    const rotated = followsOwnCheckIn(item.changedAt, memory.checkIns[key], rules.rotationWindowMinutes);
    if (revision === undefined && held !== undefined && rotated && !hasServedPark(trouble, rules.now)) {
      return { kind: 'parked', trouble: rotatesAgain(trouble, rules.now), newly: true };
    }
  }
  return { kind: 'deliver', stamp: revision === undefined ? stamp : revise(stamp, revision + 1) };
};

/** A park for rotation that is over earns one more try; the try's own check-in then tells whether it helped. */
const hasServedPark = (trouble: Trouble | undefined, now: number): boolean =>
  trouble?.reason === 'rotates' && trouble.parkedUntil !== undefined && now >= trouble.parkedUntil;

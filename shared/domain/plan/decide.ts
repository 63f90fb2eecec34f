import { type Item, releasedKey } from '#shared/domain/item.ts';
import {
  type Backoff,
  backoffKey,
  followsOwnCheckIn,
  isParked,
  type Memory,
  rotatesAgain,
} from '#shared/domain/memory.ts';
import type { Hold } from '#shared/domain/rotation/holds.ts';
import { revise, revisionOf, type Stamp } from '#shared/domain/stamp.ts';

/** Facts about one target: the item in the vault's list, its stamp, and the stamp in the store's list. */
export interface Candidate {
  readonly item: Item;
  readonly store: string;
  /** As the vault lists the item now. */
  readonly stamp: Stamp;
  /** Stamp in the store; undefined if the store holds nothing that the relay delivered. */
  readonly held: Stamp | undefined;
  /** Hold on the item, if a rotation has set one. */
  readonly hold?: Hold | undefined;
}

export interface PlanRules {
  readonly mode: 'changes' | 'verify';
  readonly retryParked: boolean;
  readonly rotationWindowMinutes: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type Decision =
  /** Read the credential and deliver it with this stamp; in verify mode only if the value differs. */
  | { readonly kind: 'deliver'; readonly stamp: Stamp }
  | { readonly kind: 'unchanged' }
  /** The vault is changing the credential, for the named rotation if there is one. The next run reads the new one. */
  | { readonly kind: 'changing'; readonly rotation?: string | undefined }
  | { readonly kind: 'held'; readonly hold: Extract<Hold, { readonly kind: 'testFailed' }> }
  | { readonly kind: 'parked'; readonly backoff: Backoff; readonly newly: boolean };

/**
 * Decides what a sync does about one target. The first match applies: a current target needs nothing; a credential that
 * is being changed waits, and one that failed the test of a rotation is held; a parked target stays parked; one whose
 * item the vault rotates after our check-ins is parked, to avoid another rotation; all others are delivered. A verify
 * run also reads current targets and delivers the next revision of the stamp if the value differs. Pure.
 */
export const decide = ({ item, store, stamp, held, hold }: Candidate, memory: Memory, rules: PlanRules): Decision => {
  const revision = revisionOf(stamp, held);
  if (revision !== undefined && rules.mode === 'changes') return { kind: 'unchanged' };
  // Its date does not matter: the vault can show the change at any moment, and nothing has tested it yet.
  if (hold?.kind === 'changing') return { kind: 'changing', rotation: hold.rule };
  if (item.changing === true) return { kind: 'changing' };
  if (hold?.kind === 'testFailed') return { kind: 'held', hold };

  const backoff = memory.backoffs[backoffKey(store, item.ref)];
  if (!rules.retryParked) {
    if (backoff !== undefined && isParked(backoff, rules.now)) return { kind: 'parked', backoff, newly: false };
    const rotated = followsOwnCheckIn(item.changedAt, memory.checkIns[releasedKey(item)], rules.rotationWindowMinutes);
    if (revision === undefined && held !== undefined && rotated && !hasServedPark(backoff, rules.now)) {
      return { kind: 'parked', backoff: rotatesAgain(backoff, rules.now), newly: true };
    }
  }
  return { kind: 'deliver', stamp: revision === undefined ? stamp : revise(stamp, revision + 1) };
};

/**
 * An item parked for rotation is tried once more after its date. The check-in of that try shows if it still rotates.
 */
const hasServedPark = (backoff: Backoff | undefined, now: number): boolean =>
  backoff?.reason === 'rotates' && backoff.parkedUntil !== undefined && now >= backoff.parkedUntil;

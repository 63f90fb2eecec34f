import { type Deliverable, deliverableKey, isChanging } from '#shared/domain/deliverable.ts';
import { type Generation, revisionOf, versionIdOf } from '#shared/domain/generation.ts';
import { followsOwnCheckIn, isParked, type Memory, rotatesAgain, type Trouble } from '#shared/domain/memory.ts';

/** What a plan knows about one thing to deliver: the vault's row, which change of it that is, and what the store's list says of it. */
export interface Candidate {
  readonly subject: Deliverable;
  readonly generation: Generation;
  /** The version that is current in the store; undefined while there is none. */
  readonly currentVersionId: string | undefined;
}

export interface PlanRules {
  readonly mode: 'changes' | 'verify';
  readonly retryParked: boolean;
  readonly rotationWindowMinutes: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type Decision =
  /** Read the credential; deliver it under this version id (in verify mode only when the value differs). */
  | { readonly kind: 'deliver'; readonly versionId: string }
  | { readonly kind: 'unchanged' }
  /** The vault is changing the credential: the next run reads the new one. */
  | { readonly kind: 'changing' }
  | { readonly kind: 'parked'; readonly trouble: Trouble; readonly newly: boolean };

/**
 * What a sync does about one thing to deliver. In this order: what is current needs nothing; what is being changed waits; what
 * the vault rotates after our own check-ins is parked before it costs another; what is parked stays so; the rest is
 * delivered. A verify run reads current ones, too, under a revision of the same generation in case they differ.
 */
export const decide = (
  { subject, generation, currentVersionId }: Candidate,
  memory: Memory,
  rules: PlanRules,
): Decision => {
  const revision = revisionOf(generation, currentVersionId);
  if (revision !== undefined && rules.mode === 'changes') return { kind: 'unchanged' };
  if (isChanging(subject)) return { kind: 'changing' };

  const key = deliverableKey(subject);
  const trouble = memory.troubles[key];
  if (!rules.retryParked) {
    if (trouble !== undefined && isParked(trouble, rules.now)) return { kind: 'parked', trouble, newly: false };
    const rotated = followsOwnCheckIn(subject.changedAt, memory.checkIns[key], rules.rotationWindowMinutes);
    if (revision === undefined && currentVersionId !== undefined && rotated && !hasServedPark(trouble, rules.now)) {
      return { kind: 'parked', trouble: rotatesAgain(trouble, rules.now), newly: true };
    }
  }
  return { kind: 'deliver', versionId: versionIdOf(generation, revision === undefined ? 0 : revision + 1) };
};

/** A park for rotation that is over earns one more try; the try's own check-in then tells whether it helped. */
const hasServedPark = (trouble: Trouble | undefined, now: number): boolean =>
  trouble?.reason === 'rotates' && trouble.parkedUntil !== undefined && now >= trouble.parkedUntil;

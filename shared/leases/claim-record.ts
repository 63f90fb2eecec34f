import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type ItemRef, itemKey } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

/**
 * Claims: which run has opened, or is opening, the lease of an item in a vault that does not know it. One object for
 * each claimed item, in the records bucket. It never contains a credential.
 *
 *     claims/<host and port of the vault>/<SHA-256 of the item's key>.json
 *
 * One claim of an item holds for all connections to its vault, because two of them can sign in as one user.
 * No lease is opened without a claim. A claim is removed only once nothing can be open under it and no process can
 * still be ending its lease: a check-in names no lease, so a late one would end that of the next run.
 */

const instant = z.iso.datetime();

/** A read under a claim. Without an end it may have opened a lease, or may still open one. */
const attemptSchema = z.object({
  id: z.string(),
  beganAt: instant,
  /** `open`: it opened a lease. `refused`: it opened none. `closed`: it opened one, and its lease is checked in. */
  ended: z.enum(['open', 'refused', 'closed']).optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** A check-in that has begun, and whose end is unknown. */
const checkInSchema = z.object({ id: z.string(), beganAt: instant });
type CheckIn = z.infer<typeof checkInSchema>;

const claimSchema = z.object({
  /** Differs between any two claims of one item. */
  id: z.string(),
  item: z.object({
    ref: z.object({ kind: z.string(), id: z.string() }),
    title: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
  /**
   * End of a hold, which opens nothing and keeps the runs of the relay away. Then any run may replace it. Absent from
   * the claim of a run.
   */
  heldUntil: instant.optional(),
  /** As in {@link Claimant}. */
  user: z.string(),
  /** Ends with the marker of the run. */
  reason: z.string(),
  minutes: z.number().optional(),
  claimedAt: instant,
  attempts: z.array(attemptSchema),
  checkIns: z.array(checkInSchema),
  /** True from the first check-in on. Nothing is read under the claim any more. */
  closing: z.boolean(),
});
export type Claim = z.infer<typeof claimSchema>;

const hashOf = (ref: ItemRef): string => createHash('sha256').update(itemKey(ref)).digest('hex');

/** Who claims. Only the same user can check in what is open under a claim. */
export interface Claimant {
  /** Host and port of the vault. */
  readonly site: string;
  /** Name of the secret with which a connection signs in. */
  readonly user: string;
}

const placeOf = (site: string, hash: string): RecordPlace<Claim> => ({
  key: `${claimAt.prefix(site)}${hash}.json`,
  schema: claimSchema,
});

/** Common prefix of the keys of all claims. */
export const CLAIMS = 'claims/';

export const claimAt = {
  /** Common prefix of the keys of all claims in a vault. */
  prefix: (site: string): string => `${CLAIMS}${site}/`,
  item: (site: string, ref: ItemRef): RecordPlace<Claim> => placeOf(site, hashOf(ref)),
};

/** The claim at a listed key. */
export const claimKeyed = (key: string): RecordPlace<Claim> => ({ key, schema: claimSchema });

/** Id of the lease of a claim. It differs between any two claims. */
export const leaseIdOf = ({ id, item: { ref } }: Claim): string => `${hashOf(ref)}.${id}`;

const LEASE_ID = /^([0-9a-f]{64})\.([\w-]{1,64})$/;

/** Place of the claim with this lease id, and the claim's own id. Raises `ContractViolated` for any other text. */
export const claimWithLease = (
  site: string,
  leaseId: string,
): { readonly place: RecordPlace<Claim>; readonly id: string } => {
  const [, hash, id] = LEASE_ID.exec(leaseId) ?? [];
  if (hash !== undefined && id !== undefined) return { place: placeOf(site, hash), id };
  throw new RelayError('ContractViolated', `${site}: "${leaseId}" is not the id of a claim. Start the run again.`);
};

/** True if the process that began this can still be running at `now`, in epoch milliseconds. */
export const canContinue = ({ beganAt }: Attempt | CheckIn, now: number): boolean =>
  now - Date.parse(beganAt) < MAX_INVOCATION_MS;

const isOpen = ({ ended }: Attempt): boolean => ended === undefined || ended === 'open';

/** True if a lease may be open under the claim, or may still be opened. Pure. */
export const mayBeOpen = ({ attempts }: Pick<Claim, 'attempts'>): boolean => attempts.some(isOpen);

/** True if nothing is open under the claim and no process can still change that or end a lease. Pure. */
export const isOver = (claim: Claim, now: number): boolean =>
  !mayBeOpen(claim) && !claim.checkIns.some((checkIn) => canContinue(checkIn, now));

/** True for a hold that has ended. Pure. */
export const isFormerHold = ({ heldUntil }: Claim, now: number): boolean =>
  heldUntil !== undefined && Date.parse(heldUntil) <= now;

/** Adds a read, before it opens anything. Adding it twice has no further effect. Pure. */
export const withAttempt = (claim: Claim, attempt: Attempt): Claim => ({
  ...claim,
  attempts: [...claim.attempts.filter((other) => isOpen(other) && other.id !== attempt.id), attempt],
});

/** Records the end of a read. Pure. */
export const withEnd = (claim: Claim, { id }: Attempt, ended: Attempt['ended']): Claim => ({
  ...claim,
  attempts: claim.attempts.map((attempt) => (attempt.id === id ? { ...attempt, ended } : attempt)),
});

/** Adds a check-in, before it ends anything. No read begins after it. Adding it twice has no further effect. Pure. */
export const withCheckIn = (claim: Claim, checkIn: CheckIn): Claim => {
  const others = claim.checkIns.filter(
    (other) => other.id !== checkIn.id && canContinue(other, Date.parse(checkIn.beganAt)),
  );
  return { ...claim, closing: true, checkIns: [...others, checkIn] };
};

/**
 * Records that the vault has confirmed a check-in. It ended every lease that was open when it began. A read without an
 * end can open a lease after it, unless its process had already ended when the check-in began. Pure.
 */
export const afterCheckIn = (claim: Claim, checkIn: CheckIn): Claim => ({
  ...claim,
  checkIns: claim.checkIns.filter(({ id }) => id !== checkIn.id),
  attempts: claim.attempts.map((attempt) =>
    attempt.ended === 'open' || (attempt.ended === undefined && !canContinue(attempt, Date.parse(checkIn.beganAt)))
      ? { ...attempt, ended: 'closed' }
      : attempt,
  ),
});

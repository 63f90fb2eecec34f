import type { SourceRules } from '#shared/connections/source-rules.ts';
import type {
  Leases,
  LeaseTerms,
  OpeningReads,
  Read,
  Vault,
  VaultSession,
  VendorAccess,
} from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import {
  type Attempt,
  afterCheckIn,
  type Claim,
  type Claimant,
  canContinue,
  claimAt,
  claimWithLease,
  isFormerHold,
  isOver,
  leaseIdOf,
  mayBeOpen,
  withAttempt,
  withCheckIn,
  withEnd,
} from '#shared/leases/claim-record.ts';
import { createHeld } from '#shared/leases/held-claims.ts';
import { isSameMarker, type Marker, readMarker } from '#shared/leases/marker.ts';
import type { RecordPlace } from '#shared/records/records.ts';
import {
  type Change,
  changeOrRemove,
  changeRecord,
  type Known,
  REMOVED,
  type RemovableRecords,
} from '#shared/records/shared-record.ts';

/**
 * Leases over a vault whose check-outs have no ids and name no run. The claims of the relay show which run has opened
 * what, so that workflows use such a vault like any other.
 */

export interface ClaimsOptions extends Claimant {
  readonly records: RemovableRecords;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A text of word characters that was never used before. */
  readonly newId: () => string;
  /** Waits before another attempt at a change; replaced only in tests. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** The same rules for a workflow, which sees leases where the vault has opening reads. Pure. */
export const claimedRules = (rules: SourceRules): SourceRules =>
  rules.accessKind === 'opening-reads' ? { ...rules, accessKind: 'leases' } : rules;

/** The same vault for a workflow, with claims where reading opens a lease. */
export const claiming = (vault: Vault<VendorAccess>, options: ClaimsOptions): Vault => {
  const held = createHeld(options);
  const claimingSession = (session: VaultSession<VendorAccess>): VaultSession => ({
    ...session,
    access(source, expected) {
      const access = session.access(source, expected);
      return access.kind === 'opening-reads' ? createLeases(access, held, options) : access;
    },
  });
  return {
    ...vault,
    rules: (source) => claimedRules(vault.rules(source)),
    session: (work) => vault.session((session) => work(claimingSession(session))),
  };
};

const createLeases = (reads: OpeningReads, held: Leases['held'], options: ClaimsOptions): Leases => ({
  kind: 'leases',
  ...(reads.admit !== undefined && { admit: reads.admit.bind(reads) }),
  open: createOpen(options),
  read: createRead(reads, options),
  held,
  close: createClose(reads, options),
});

/** Claims the item. Nothing is opened before a read. */
const createOpen =
  ({ site, user, records, now, newId, ...waits }: ClaimsOptions): Leases['open'] =>
  async ({ ref, title, labels }, { reason, minutes }: LeaseTerms) => {
    const own = readMarker(reason);
    const fresh: Claim = {
      id: newId(),
      item: { ref, title, labels },
      user,
      reason,
      minutes,
      claimedAt: new Date(now()).toISOString(),
      attempts: [],
      checkIns: [],
      closing: false,
    };
    const claim = await changeRecord(
      records,
      claimAt.item(site, ref),
      (current) => {
        if (current === undefined || isFormerHold(current, now())) return { next: fresh, result: fresh };
        // A claim of the same run is that of an earlier attempt of the step, or of this call if its answer was lost.
        const isOurs = own !== undefined && isSameMarker(readMarker(current.reason), own);
        return { result: isOurs && !current.closing ? current : conflictWith(current, own, title) };
      },
      { known: { state: undefined }, ...waits },
    );
    if (claim instanceof RelayError) throw claim;
    return { id: leaseIdOf(claim), ours: true };
  };

const conflictWith = ({ closing, reason, heldUntil }: Claim, own: Marker | undefined, title: string): RelayError => {
  if (heldUntil !== undefined) {
    return new RelayError('RequestConflict', `${title}: its old check-out is being ended. The next run delivers it.`);
  }
  const marker = readMarker(reason);
  const isOfAnotherRelay = marker !== undefined && marker.relayId !== own?.relayId;
  const owner =
    marker === undefined
      ? 'an unknown run'
      : `${isOfAnotherRelay ? `another relay, ${marker.relayId}, ` : ''}${marker.workflow} ${marker.run}`;
  const advice = closing
    ? 'It is being checked in. The first run after that delivers it.'
    : `A check-out is never shared. The first run after the end of that ${marker?.workflow ?? 'run'} delivers it.`;
  return new RelayError('RequestConflict', `${title}: claimed by ${owner}. ${advice}`);
};

/** True if an error proves that the call changed nothing. */
const hadNoEffect = (thrown: unknown): boolean => thrown instanceof RelayError && !thrown.mayHaveHappened;

const leaseGone = (title: string): RelayError =>
  new RelayError('LeaseGone', `${title}: the claim under which it was to be read has ended. The next run reads it.`);

const createRead = (reads: OpeningReads, { site, records, now, newId, ...waits }: ClaimsOptions): Leases['read'] => {
  /**
   * Ends what a read has opened although its claim was closed in the meantime. A check-in is safe only while the
   * attempt has no end, because the claim then stays. A claim that was removed too early has an heir, which takes the
   * attempt over.
   */
  const endLate = async (place: RecordPlace<Claim>, begun: Claim, attempt: Attempt): Promise<void> => {
    const decide = (current: Claim | undefined): Change<Claim, boolean> => {
      if (current?.id === begun.id) {
        return { result: current.attempts.some(({ id, ended }) => id === attempt.id && ended === undefined) };
      }
      // The claim of a younger attempt is removed only after its end was recorded.
      const isKnown = canContinue(attempt, now()) || current?.attempts.some(({ id }) => id === attempt.id) === true;
      const heir = current ?? { ...begun, attempts: [], closing: true };
      return { ...(!isKnown && { next: { ...heir, attempts: [...heir.attempts, attempt] } }), result: false };
    };
    if (!(await changeRecord(records, place, decide, waits))) return;
    await reads.close(begun.item, 'Opened after its check-in.');
    await changeRecord<Claim, undefined>(
      records,
      place,
      (current) => ({
        ...(current?.id === begun.id && { next: withEnd(current, attempt, 'closed') }),
        result: undefined,
      }),
      waits,
    );
  };

  return async (leaseId, item) => {
    const { place, id } = claimWithLease(site, leaseId);
    const attempt: Attempt = { id: newId(), beganAt: new Date(now()).toISOString() };
    let known: Known<Claim> | undefined;
    /** Changes the claim. Undefined if it is not that of the lease any more, or must not be changed. */
    const change = (
      decide: (current: Claim) => Claim,
      isAllowed = ({ closing }: Claim) => !closing,
    ): Promise<Claim | undefined> =>
      changeRecord<Claim, Claim | undefined>(
        records,
        place,
        (current) => {
          if (current?.id !== id || !isAllowed(current)) return { result: undefined };
          const next = decide(current);
          return { next, result: next };
        },
        {
          known,
          ...waits,
          onWritten: (state) => {
            known = { state };
          },
        },
      );

    const begun = await change((current) => withAttempt(current, attempt));
    if (begun === undefined) throw leaseGone(item.title);
    const earlier = begun.attempts.filter((other) => other.id !== attempt.id);
    // If this fails, the attempt has no end, so that the claim stays as long as the check-in can be on its way.
    if (mayBeOpen({ attempts: earlier })) await reads.close(begun.item, 'Opened again by pam-relay.');
    let read: Read;
    try {
      read = await reads.openAndRead(item, { reason: begun.reason, minutes: begun.minutes });
    } catch (thrown) {
      // Without an end, the attempt counts as open.
      const refuse = (current: Claim) => withEnd(current, attempt, 'refused');
      if (hadNoEffect(thrown)) await change(refuse, () => true).catch(() => {});
      throw thrown;
    }
    if ((await change((current) => withEnd(current, attempt, 'open'))) !== undefined) return read;
    await endLate(place, begun, attempt);
    throw leaseGone(item.title);
  };
};

/** Checks in what may be open, and removes the claim unless a process can still open a lease or end one. */
const createClose =
  (reads: OpeningReads, { site, records, now, newId, ...waits }: ClaimsOptions): Leases['close'] =>
  async (leaseId, note) => {
    const { place, id } = claimWithLease(site, leaseId);
    const checkIn = { id: newId(), beganAt: new Date(now()).toISOString() };
    let known: Known<Claim> | undefined;
    const begun = await changeOrRemove<Claim, Claim | undefined>(
      records,
      place,
      (current) => {
        if (current?.id !== id) return { result: undefined };
        if (mayBeOpen(current)) {
          const next = withCheckIn(current, checkIn);
          return { next, result: next };
        }
        if (isOver(current, now())) return { next: REMOVED, result: undefined };
        return { ...(!current.closing && { next: { ...current, closing: true } }), result: undefined };
      },
      {
        ...waits,
        onWritten: (state) => {
          known = { state };
        },
      },
    );
    if (begun === undefined) return {};
    // A check-in that failed may still be on its way, and keeps the claim for that time.
    const closed = await reads.close(begun.item, note);
    await changeOrRemove<Claim, undefined>(
      records,
      place,
      (current) => {
        const isKnown = current?.id !== id || !current.checkIns.some((other) => other.id === checkIn.id);
        if (isKnown) return { result: undefined };
        const next = afterCheckIn(current, checkIn);
        return { next: isOver(next, now()) ? REMOVED : next, result: undefined };
      },
      { known, ...waits },
    );
    return closed;
  };

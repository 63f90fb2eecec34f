import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { Content, CredentialKind } from '#shared/domain/credential.ts';
import { requestTerms } from '#shared/domain/lease.ts';
import { RelayError } from '#shared/errors.ts';
import type { BatchItem } from '#shared/records/records.ts';
import type { Lease, Settled } from '#shared/workflow.ts';

/** What reading an item gave, or will have given even if it fails: whoever reads fills it in as it goes. */
export interface Taking {
  readonly item: number;
  lease?: Lease;
  releaseEndsAt?: number;
}

/** Reads what an item is to hold. */
export type Reader = (item: BatchItem, taking: Taking) => Promise<Content>;

export interface RequestRules {
  readonly kind: CredentialKind;
  readonly requestMinutes: number;
  readonly reason: string;
}

export const notOfThisSource = ({ secretName }: BatchItem): RelayError =>
  new RelayError(
    'ContractViolated',
    `What the batch holds for ${secretName} is of another source than the sync. Start the sync again.`,
  );

/**
 * Reads under the item's lease. One that somebody else opened may end under our hands; then it asks anew, once, and what
 * we hold from then on is either ours or, again, somebody's.
 */
export const byLease =
  (session: VaultSession, { kind, requestMinutes, reason }: RequestRules): Reader =>
  async (item, taking) => {
    const { subject } = item;
    const { lease } = taking;
    if (subject.kind === 'safe-secret' || lease === undefined) throw notOfThisSource(item);
    const read = { kind, alias: subject.kind === 'alias' ? subject : undefined };
    try {
      return await session.readCredential(lease.requestId, read);
    } catch (thrown) {
      const isLost = thrown instanceof RelayError && thrown.name === 'LeaseGone';
      if (!isLost || lease.owned) throw thrown;
      const { requestId, reused } = await session.openRequest(requestTerms(subject, requestMinutes, reason));
      taking.lease = { ...lease, requestId, owned: !reused };
      return await session.readCredential(requestId, read);
    }
  };

/** Reads by the ISA role, in one call. What follows once its time is over is remembered like a check-in. */
export const byRole =
  (session: VaultSession, { kind, requestMinutes, reason }: RequestRules): Reader =>
  async (item, taking) => {
    const { subject } = item;
    if (subject.kind !== 'account') throw notOfThisSource(item);
    const { endsAt, ...credential } = await session.readAsIsa(requestTerms(subject, requestMinutes, reason), kind);
    if (endsAt !== undefined) taking.releaseEndsAt = Date.parse(endsAt);
    return credential;
  };

/** Of an item's settlement what the reading alone tells. */
export const toldBy = ({ item, releaseEndsAt }: Taking): Pick<Settled, 'item' | 'releaseEndsAt'> =>
  releaseEndsAt === undefined ? { item } : { item, releaseEndsAt };

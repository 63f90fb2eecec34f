import pMap from 'p-map';
import type { HeldLease, Leases } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { CLAIMS, type Claim, type Claimant, claimAt, claimKeyed, leaseIdOf } from '#shared/leases/claim-record.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';

/** Claims read at once. */
const MAX_CONCURRENCY = 64;

/**
 * Lists the claims of the user, of all runs. Reads only those that have changed since the last list. Raises
 * `AnswerMalformed` for an unreadable claim, or reports it. Repeatable.
 */
export const createHeld = ({
  site,
  user,
  records,
}: Claimant & { readonly records: RemovableRecords }): Leases['held'] => {
  let last = new Map<string, { readonly version: string; readonly claim: Claim }>();
  return async (onUnreadable) => {
    const listed = await records.list(claimAt.prefix(site));
    const states = await pMap(
      listed,
      async ({ key, version }) => {
        const seen = last.get(key);
        if (seen?.version === version) return [key, seen] as const;
        const state = await readClaim(records, key, onUnreadable);
        return [key, state && { version: state.version, claim: state.record }] as const;
      },
      { concurrency: MAX_CONCURRENCY },
    );
    const claims = states.flatMap(([key, state]) => (state === undefined ? [] : [[key, state] as const]));
    last = new Map(claims);
    return claims.flatMap(([, { claim }]) =>
      claim.user === user && claim.heldUntil === undefined ? [heldLease(claim)] : [],
    );
  };
};

/**
 * Lists who has claims, each once. Reports an unreadable claim, which no connection may be able to serve. Repeatable.
 */
export const readClaimants = async (
  records: RemovableRecords,
  onUnreadable: (error: RelayError) => void,
): Promise<readonly Claimant[]> => {
  const read = async ({ key }: { readonly key: string }) => {
    const { user, heldUntil } = (await readClaim(records, key, onUnreadable))?.record ?? {};
    const [, site = ''] = key.split('/');
    return user === undefined || heldUntil !== undefined ? [] : [[`${site}/${user}`, { site, user }] as const];
  };
  const claimants = await pMap(await records.list(CLAIMS), read, { concurrency: MAX_CONCURRENCY });
  return [...new Map(claimants.flat()).values()];
};

/** Undefined if the claim was removed since the list, or if it is unreadable and `onUnreadable` took the error. */
const readClaim = async (
  records: RemovableRecords,
  key: string,
  onUnreadable: ((error: RelayError) => void) | undefined,
) => {
  try {
    return await records.read(claimKeyed(key));
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.name !== 'ContractViolated') throw thrown;
    const error = new RelayError(
      'AnswerMalformed',
      `${key} is not a valid claim, so its account may be checked out. Check that account in, and delete the object.`,
      { cause: thrown },
    );
    if (onUnreadable === undefined) throw error;
    onUnreadable(error);
    return undefined;
  }
};

const heldLease = (claim: Claim): HeldLease => ({
  id: leaseIdOf(claim),
  items: [claim.item.ref],
  status: 'active',
  opens: 'credential',
  reason: claim.reason,
  createdAt: claim.claimedAt,
});

import type { Access, Read, Source, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { RelayError } from '#shared/errors.ts';
import { type Marker, writeReason } from '#shared/leases/marker.ts';
import { readUnderLease } from '#shared/leases/read.ts';
import type { BatchLease } from '#shared/workflows/sync.ts';

/** State of one read, updated in place so that it survives a failure. */
export interface Reading extends BatchItem {
  /** Position in the batch. */
  readonly index: number;
  lease?: BatchLease;
  releaseEndsAt?: number;
}

/** Reads an item, and updates the state of the read. */
export type Reader = (reading: Reading) => Promise<Read>;

/** Creates the reader of a batch for the access kind of the rule. */
export const createReader = (session: VaultSession, rule: Source, own: Marker, expected: readonly Item[]): Reader => {
  const access = session.access(rule, expected);
  return async (reading) => {
    const read = await readBy(access, reading, own);
    if (read.endsAt !== undefined) reading.releaseEndsAt = Date.parse(read.endsAt);
    return read;
  };
};

const readBy = (access: Access, reading: Reading, own: Marker): Promise<Read> => {
  const { item, lease } = reading;
  if (access.kind === 'plain-reads') return access.read(item, { reason: writeReason(own) });
  if (lease === undefined) {
    throw new RelayError('ContractViolated', `No lease was opened for ${item.title}. Start the sync again.`);
  }
  return readUnderLease(access, item, lease, own, (reopened) => {
    reading.lease = reopened;
  });
};

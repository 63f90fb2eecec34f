import { createHash, hash } from 'node:crypto';
import type { Ledger } from '#shared/domain/plan/ledger.ts';

/** The plan that an id belongs to. */
export interface PlanScope {
  /** Name of the sync in relay.yaml. */
  readonly sync: string;
  readonly connection: string;
  readonly stores: readonly string[];
}

const DIGEST_BYTES = 32;
const WORD_BYTES = 4;
const FIRST_CAPACITY = 1024;

/**
 * Computes the id of a plan: 64 hex digits over all of its decisions. Two plans of a sync have the same id exactly if
 * they make the same decisions, in whatever order the vault and the store list them. Keeps 32 bytes for each decision.
 */
export const createPlanId = (): Ledger & { id(scope: PlanScope): string } => {
  let digests = Buffer.alloc(FIRST_CAPACITY * DIGEST_BYTES);
  let count = 0;
  const withdrawn = new Set<number>();

  const compare = (one: number, other: number): number => {
    for (let at = 0; at < DIGEST_BYTES; at += WORD_BYTES) {
      const difference =
        digests.readUInt32BE(one * DIGEST_BYTES + at) - digests.readUInt32BE(other * DIGEST_BYTES + at);
      if (difference !== 0) return difference;
    }
    return 0;
  };

  return {
    add({ action, facts }) {
      if (count * DIGEST_BYTES === digests.length) digests = Buffer.concat([digests, Buffer.alloc(digests.length)]);
      hash('sha256', JSON.stringify([action, ...facts]), 'buffer').copy(digests, count * DIGEST_BYTES);
      count += 1;
      return count - 1;
    },

    withdraw(position) {
      withdrawn.add(position);
    },

    id({ sync, connection, stores }) {
      const sorted = Uint32Array.from({ length: count }, (_, position) => position)
        .filter((position) => !withdrawn.has(position))
        .sort(compare);
      const all = createHash('sha256').update(JSON.stringify([sync, connection, stores.toSorted()]));
      for (const position of sorted) {
        all.update(digests.subarray(position * DIGEST_BYTES, (position + 1) * DIGEST_BYTES));
      }
      return all.digest('hex');
    },
  };
};

import { itemKey } from '#shared/domain/item.ts';
import type { Decided, Ledger } from '#shared/domain/plan/ledger.ts';
import type { CurrentTarget } from '#shared/records/records.ts';

/** Takes note of the targets that are up to date. */
export const createCurrentTargets = (): Ledger & { readonly targets: () => CurrentTarget[] } => {
  const current = new Map<number, CurrentTarget>();
  let decisions = 0;
  return {
    add({ action, item, store, secret }: Decided) {
      if (action === 'unchanged' && item !== undefined && store !== undefined && secret !== undefined) {
        current.set(decisions, { item: itemKey(item.ref), store, name: secret });
      }
      decisions += 1;
      return decisions - 1;
    },
    withdraw(position) {
      current.delete(position);
    },
    targets: () => [...current.values()],
  };
};

import * as z from 'zod';
import { OUTCOME_NAMES } from '#shared/domain/outcome.ts';
import { ERROR_NAMES } from '#shared/errors.ts';

/** A remark for people about one item, or about a secret without one, in some of the stores. */
export const remarkSchema = z.object({
  /** Title of the item, or name of a secret without an item. */
  item: z.string(),
  /** Stores that the outcome applies to. */
  stores: z.array(z.string()),
  outcome: z.enum(OUTCOME_NAMES),
  error: z.enum(ERROR_NAMES).optional(),
  message: z.string(),
});
export type Remark = z.infer<typeof remarkSchema>;

/**
 * Merges remarks that differ only in their stores. Two items can have the same title, so two remarks on one store stay
 * apart. Keeps the order of first appearance. Pure.
 */
export const mergeRemarks = (remarks: readonly Remark[]): Remark[] => {
  const merged: Remark[] = [];
  const alike = new Map<string, Remark[]>();
  for (const remark of remarks) {
    const { item, outcome, error, message } = remark;
    const key = JSON.stringify([item, outcome, error, message]);
    const group = alike.get(key) ?? [];
    const same = group.find(({ stores }) => !stores.some((store) => remark.stores.includes(store)));
    if (same === undefined) {
      const first = { ...remark, stores: [...remark.stores] };
      merged.push(first);
      alike.set(key, [...group, first]);
    } else same.stores.push(...remark.stores);
  }
  return merged;
};

/** Names the stores of a remark, unless it applies to all stores of its sync: ` in store vault-b`. Pure. */
export const inStores = ({ stores }: Pick<Remark, 'stores'>, all: number): string => {
  if (stores.length === 0 || stores.length === all) return '';
  return ` in ${stores.length === 1 ? 'store' : 'stores'} ${stores.join(', ')}`;
};

import type { Recovery, StoreRules } from '#shared/stores/store.ts';

/** Days for which a sync keeps a deleted secret, if its store lets it choose and relay.yaml names none. */
export const DEFAULT_RECOVERY_DAYS = 30;

/** Days for which a checkout keeps a retired secret that is to be recoverable: the fewest that AWS accepts. */
export const CHECKOUT_RECOVERY_DAYS = 7;

/**
 * Recovery with which a store retires a secret: the wish of the rule, as far as the store can keep it. A store with a
 * recovery of its own ignores the number of days. A store without one deletes at once, because a secret that was
 * promised to disappear must not stay; the loader has refused a rule that wishes more. Pure.
 *
 * @param wish Days, or `none` to delete at once.
 */
export const recoveryIn = ({ recovery }: Pick<StoreRules, 'recovery'>, wish: Recovery): Recovery =>
  recovery === 'none' ? 'none' : wish;

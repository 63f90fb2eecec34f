import type { AccountRow, GroupRow, PolicyRow } from '#shared/connections/sra/schema.ts';
import { foldCase } from '#shared/domain/selection.ts';

/** The policy that applies to an account. */
interface EffectivePolicy {
  /** Empty if it is unknown. */
  readonly name: string;
  /** True if the site changes the credential after each check-in. */
  readonly autoRotates: boolean | 'unknown';
}

const UNKNOWN: EffectivePolicy = { name: '', autoRotates: 'unknown' };

/** Code names under which a site can have its default policy. */
const DEFAULT_CODE_NAMES = ['', 'default'];

/**
 * The site names no default policy: it is the one with a default code name, or else the oldest, because it is there
 * from the beginning and cannot be deleted.
 */
const defaultOf = (policies: readonly PolicyRow[]): PolicyRow | undefined => {
  const named = policies.filter(({ code_name }) => DEFAULT_CODE_NAMES.includes(foldCase(code_name)));
  const [only, ...others] = named;
  if (only !== undefined && others.length === 0) return only;
  return policies.toSorted((one, other) => one.id - other.id)[0];
};

/**
 * Returns a function that finds the policy of an account: its own, else that of its group, else the default one. A
 * policy or group that is not listed is unknown. Pure.
 */
export const createPolicyOf = (
  groups: ReadonlyMap<number, GroupRow>,
  policies: readonly PolicyRow[],
): ((account: Pick<AccountRow, 'account_policy' | 'account_group_id'>) => EffectivePolicy) => {
  const byCode = new Map(policies.map((policy) => [foldCase(policy.code_name), policy]));
  const fallback = defaultOf(policies);
  return ({ account_policy, account_group_id }) => {
    const group = account_group_id === undefined ? undefined : groups.get(account_group_id);
    if (account_policy === undefined && account_group_id !== undefined && group === undefined) return UNKNOWN;
    const code = account_policy ?? group?.account_policy;
    const policy = code === undefined ? fallback : byCode.get(foldCase(code));
    return policy === undefined ? UNKNOWN : { name: policy.name, autoRotates: policy.auto_rotate_credentials };
  };
};

import type { AccountState } from './account-state.ts';
import { opensRequestsById } from './groups.ts';
import type { AccessPolicy } from './policies.ts';
import { ALL_ACCOUNTS_RULE_ID } from './rules.ts';
import type { Site } from './site.ts';
import type { KnownUser } from './users.ts';

/** Access of a user to an account. The policy is null if no schedule allows access now. */
interface Access {
  readonly policy: AccessPolicy | null;
}

const hasOwnAccess = ({ roles }: KnownUser): boolean =>
  roles.some((role) => role === 'requestor' || role === 'isa' || role === 'administrator');

const isCoveredByDefault = ({ rules }: Site, account: AccountState): boolean => {
  const rule = rules.byId(ALL_ACCOUNTS_RULE_ID);
  return account.createdAt === null || (rule !== undefined && rules.covers(rule, account));
};

/** The policy by which a group of the user has a requestor role on a rule that covers the account. */
const accessByGroup = (site: Site, user: KnownUser, account: AccountState): Access | undefined => {
  for (const { roles } of site.groups.ofUser(user)) {
    for (const [ruleId, { roleIds, policyId }] of roles) {
      const rule = site.rules.byId(ruleId);
      if (rule === undefined || !roleIds.some(opensRequestsById) || !site.rules.covers(rule, account)) continue;
      return { policy: site.policies.find(({ id }) => id === policyId) ?? null };
    }
  }
  return undefined;
};

/**
 * The access of a user to an account, by the user's own roles, which hold on the rule of all accounts, or by those of a
 * group. Undefined if the user may not request the account, or if no caller of the API may.
 */
export const accessTo = (site: Site, user: KnownUser, account: AccountState): Access | undefined => {
  if (account.row.kind === 'not-requestable') return undefined;
  if (hasOwnAccess(user) && isCoveredByDefault(site, account)) return { policy: account.row.policy };
  return accessByGroup(site, user, account);
};

/** True if the list shows the account to the user. It also shows those of the fleet that the API excludes. */
export const canSee = (site: Site, user: KnownUser, account: AccountState): boolean =>
  (account.createdAt === null && hasOwnAccess(user)) || accessTo(site, user, account) !== undefined;

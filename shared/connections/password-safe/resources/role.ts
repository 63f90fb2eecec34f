import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int } from '#shared/connections/password-safe/fields.ts';
import { connectedBy } from '#shared/connections/password-safe/resources/access-level.ts';
import { changeRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { idOf } from '#shared/connections/password-safe/resources/look-ups.ts';
import { groupAndRule, label } from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import type { Fields } from '#shared/domain/blueprint/fields.ts';

const roleSettings = z.strictObject({
  type: z.literal('role').describe('Roles of a group on a rule. An access level of the group on the rule comes first.'),
  ...commonResource,
  ...groupAndRule,
  roles: z
    .array(label(100))
    .min(1, 'name at least one role')
    .max(10)
    .meta({ examples: [['Requestor']] })
    .describe('Names of the roles.'),
  accessPolicy: label(100).optional().describe('Name of the access policy. Required for a role that requests.'),
});
type RoleSpec = z.infer<typeof roleSettings>;

/** Roles that the vault gives only together with an access policy (reference: password-safe-api.md 2.6). */
const REQUESTING = /^requestor/i;

export const role: ResourceType = {
  settings: roleSettings,
  references: { group: ['user-group'], rule: ['quick-rule'] },
  key: ['group', 'rule'],
  literal: () => ['roles', 'accessPolicy'],
  check({ group, rule, roles, accessPolicy }, others) {
    const requests = Array.isArray(roles) && roles.some((one) => REQUESTING.test(String(one)));
    if (requests && accessPolicy === undefined)
      return [{ setting: 'roles', message: 'need an access policy, because one of them requests; add accessPolicy' }];
    const hasAccess = Object.values(others).some(
      (other) => other.type === 'access-level' && other['group'] === group && other['rule'] === rule,
    );
    if (hasAccess) return [];
    const message = 'needs an access level of the group on the rule before it; add a resource of the type access-level';
    return [{ setting: undefined, message }];
  },
  fixed: {},
  keepsMark: false,
  grantsRights: true,
};

const roleRows = listOf(z.looseObject({ RoleID: int }), ['RoleID']);
const assigneeRows = listOf(z.looseObject({ RoleID: int, UserGroupID: int, SmartRuleID: int }), [
  'RoleID',
  'UserGroupID',
  'SmartRuleID',
]);

const NO_POLICY = 0;

export const roleWork = (session: Session): ResourceWork<RoleSpec> => {
  const pathFor = (wanted: Pick<Wanted, 'refs'>): string => {
    const [group, rule] = connectedBy(wanted);
    return pathOf('UserGroups', group, 'SmartRules', rule, 'Roles');
  };
  const desired = async ({ spec }: Pick<Wanted<RoleSpec>, 'spec'>): Promise<Fields> => ({
    roles: await Promise.all(spec.roles.map((name) => idOf(session, 'role', name, 'roles'))),
    accessPolicy:
      spec.accessPolicy === undefined
        ? NO_POLICY
        : await idOf(session, 'accessPolicy', spec.accessPolicy, 'accessPolicy'),
  });
  /** The vault shows the policy of a role only from the side of the policy. */
  const hasPolicy = async (wanted: Pick<Wanted, 'refs'>, policy: unknown): Promise<boolean> => {
    const [group, rule] = connectedBy(wanted);
    const path = pathOf('AccessPolicies', String(policy), 'Assignees');
    return (await findRows(session, path, assigneeRows)).some(
      ({ UserGroupID, SmartRuleID }) => String(UserGroupID) === group && String(SmartRuleID) === rule,
    );
  };
  const set = (wanted: Pick<Wanted, 'refs'>, { roles, accessPolicy }: Fields): Promise<void> =>
    changeRow(session, 'POST', pathFor(wanted), {
      Roles: (Array.isArray(roles) ? roles : []).map((RoleID) => ({ RoleID })),
      AccessPolicyID: accessPolicy === NO_POLICY ? undefined : accessPolicy,
    });
  return {
    desired,
    async find(wanted) {
      const roles = (await findRows(session, pathFor(wanted), roleRows)).map(({ RoleID }) => RoleID);
      if (roles.length === 0) return undefined;
      const { accessPolicy = NO_POLICY } = await desired(wanted);
      const isSame = accessPolicy === NO_POLICY || (await hasPolicy(wanted, accessPolicy));
      return {
        id: connectedBy(wanted).join('/'),
        title: 'roles on a rule',
        mark: undefined,
        fields: { roles, accessPolicy: isSame ? accessPolicy : null },
      };
    },
    async create(wanted) {
      await set(wanted, await desired(wanted));
      return connectedBy(wanted).join('/');
    },
    change: async (wanted) => set(wanted, await desired(wanted)),
    async restore(wanted, earlier) {
      // Without its policy, a role cannot be restored. Removing it opens nothing.
      if (earlier === undefined || earlier['accessPolicy'] === null)
        await changeRow(session, 'DELETE', pathFor(wanted));
      else await set(wanted, earlier);
    },
    remove: async () => {},
  };
};

import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { changeRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { groupAndRule } from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';

/** Ids of the access levels (reference: password-safe-api.md 2.6, `GET UserGroups/{id}/SmartRules`). */
const LEVELS = { none: 0, read: 1, 'read-write': 3 } as const;

const accessLevelSettings = z.strictObject({
  type: z.literal('access-level').describe('Access of a group to a rule. A role on the rule requires it.'),
  ...commonResource,
  ...groupAndRule,
  level: z.enum(['read', 'read-write']).default('read').describe('Level of access.'),
});
type AccessLevelSpec = z.infer<typeof accessLevelSettings>;

export const accessLevel: ResourceType = {
  settings: accessLevelSettings,
  references: { group: ['user-group'], rule: ['quick-rule'] },
  key: ['group', 'rule'],
  literal: () => [],
  fixed: {},
  keepsMark: false,
  grantsRights: true,
};

const rows = listOf(z.looseObject({ SmartRuleID: int, Title: text, AccessLevelID: optionalInt }), ['SmartRuleID']);
const ALL_LEVELS = Object.values(LEVELS).join(',');

/** Ids of the group and the rule that a resource connects. */
export const connectedBy = ({ refs }: Pick<Wanted, 'refs'>): readonly [group: string, rule: string] => [
  refs['group']?.[0] ?? '',
  refs['rule']?.[0] ?? '',
];

export const accessLevelWork = (session: Session): ResourceWork<AccessLevelSpec> => {
  const set = (wanted: Pick<Wanted, 'refs'>, level: unknown): Promise<void> => {
    const [group, rule] = connectedBy(wanted);
    return changeRow(session, 'POST', pathOf('UserGroups', group, 'SmartRules', rule, 'AccessLevels'), {
      AccessLevelID: level,
    });
  };
  return {
    desired: async ({ spec }) => ({ level: LEVELS[spec.level] }),
    async find(wanted) {
      const [group, rule] = connectedBy(wanted);
      const path = pathOf('UserGroups', group, 'SmartRules');
      const found = await findRows(session, path, rows, { accessLevels: ALL_LEVELS });
      const level = found.find(({ SmartRuleID }) => String(SmartRuleID) === rule);
      if (level === undefined || (level.AccessLevelID ?? 0) === LEVELS.none) return undefined;
      return {
        id: `${group}/${rule}`,
        title: `access to ${level.Title}`,
        mark: undefined,
        fields: { level: level.AccessLevelID ?? LEVELS.none },
      };
    },
    async create(wanted) {
      await set(wanted, LEVELS[wanted.spec.level]);
      return connectedBy(wanted).join('/');
    },
    change: (wanted) => set(wanted, LEVELS[wanted.spec.level]),
    restore: (wanted, earlier) => set(wanted, earlier?.['level'] ?? LEVELS.none),
    remove: async () => {},
  };
};

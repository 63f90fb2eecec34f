import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import { int } from '#shared/connections/password-safe/fields.ts';
import { changeRow, findRows, pathOf } from '#shared/connections/password-safe/resources/calls.ts';
import { idOf } from '#shared/connections/password-safe/resources/look-ups.ts';
import { groupSetting, label } from '#shared/connections/password-safe/resources/settings.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';

/** Ids of the levels of a permission. */
const LEVELS = { read: 1, full: 3 } as const;

const permissionsSettings = z.strictObject({
  type: z.literal('permissions').describe('Permissions of a group. They replace those that it has.'),
  ...commonResource,
  ...groupSetting,
  permissions: z
    .array(
      z.strictObject({
        permission: label(200)
          .meta({ examples: ['Management Console Access'] })
          .describe('Name of the permission.'),
        level: z.enum(['read', 'full']).default('read').describe('Read, or full control.'),
      }),
    )
    .min(1, 'name at least one permission')
    .max(50)
    .meta({ examples: [[{ permission: 'Management Console Access', level: 'read' }]] })
    .describe('Permissions.'),
});
type PermissionsSpec = z.infer<typeof permissionsSettings>;

export const permissions: ResourceType = {
  settings: permissionsSettings,
  references: { group: ['user-group'] },
  key: ['group'],
  literal: () => ['permissions'],
  fixed: {},
  keepsMark: false,
  grantsRights: true,
};

const rows = listOf(z.looseObject({ PermissionID: int, AccessLevelID: int }), ['PermissionID']);

const pair = (permission: number, level: number): string => `${permission}:${level}`;

export const permissionsWork = (session: Session): ResourceWork<PermissionsSpec> => {
  const groupOf = ({ refs }: Pick<Wanted, 'refs'>): string => refs['group']?.[0] ?? '';
  const pathFor = (wanted: Pick<Wanted, 'refs'>): string => pathOf('UserGroups', groupOf(wanted), 'Permissions');
  const wantedPairs = ({ spec }: Pick<Wanted<PermissionsSpec>, 'spec'>): Promise<string[]> =>
    Promise.all(
      spec.permissions.map(async ({ permission, level }) =>
        pair(await idOf(session, 'permission', permission, 'permissions'), LEVELS[level]),
      ),
    );
  const set = (wanted: Pick<Wanted, 'refs'>, pairs: readonly (string | number)[]): Promise<void> =>
    changeRow(
      session,
      'POST',
      pathFor(wanted),
      pairs.map((one) => {
        const [PermissionID, AccessLevelID] = String(one).split(':').map(Number);
        return { PermissionID, AccessLevelID };
      }),
    );
  return {
    desired: async (wanted) => ({ permissions: await wantedPairs(wanted) }),
    async find(wanted) {
      const found = (await findRows(session, pathFor(wanted), rows)).filter(({ AccessLevelID }) => AccessLevelID > 0);
      if (found.length === 0) return undefined;
      return {
        id: groupOf(wanted),
        title: 'permissions of a group',
        mark: undefined,
        fields: { permissions: found.map(({ PermissionID, AccessLevelID }) => pair(PermissionID, AccessLevelID)) },
      };
    },
    async create(wanted) {
      await set(wanted, await wantedPairs(wanted));
      return groupOf(wanted);
    },
    async change(wanted) {
      await changeRow(session, 'DELETE', pathFor(wanted));
      await set(wanted, await wantedPairs(wanted));
    },
    async restore(wanted, earlier) {
      await changeRow(session, 'DELETE', pathFor(wanted));
      const pairs = earlier?.['permissions'];
      if (Array.isArray(pairs) && pairs.length > 0) await set(wanted, pairs);
    },
    remove: async () => {},
  };
};

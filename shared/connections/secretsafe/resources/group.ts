import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import type { Group } from '#shared/connections/directory.ts';
import type { Found, ResourceType, ResourceWork } from '#shared/connections/resource.ts';
import { onlyOne } from '#shared/connections/secretsafe/resources/look-ups.ts';
import type { WorkOptions } from '#shared/connections/secretsafe/resources/member.ts';
import { externalIdFor, isTaken, markOf } from '#shared/connections/secretsafe/resources/owner.ts';
import { label } from '#shared/connections/secretsafe/resources/settings.ts';

const groupSettings = z.strictObject({
  type: z.literal('secretsafe-group').describe('A group of members.'),
  ...commonResource,
  name: label(100)
    .meta({ examples: ['Owners of {host}'] })
    .describe('Name of the group.'),
});
type GroupSpec = z.infer<typeof groupSettings>;

export const group: ResourceType = {
  settings: groupSettings,
  references: {},
  key: ['name'],
  literal: () => [],
  fixed: {},
  keepsMark: true,
  grantsRights: true,
};

export const groupWork = ({ session, directory, hasOthers }: WorkOptions): ResourceWork<GroupSpec> => {
  const toFound = async ({ id, name, externalId }: Group): Promise<Found> => {
    const mark = markOf(externalId);
    const isUnmarkable = mark === undefined && (isTaken(externalId) || (await hasOthers()));
    return { id, title: name, mark, fields: {}, ...(isUnmarkable && { isUnmarkable }) };
  };
  /** Never replaces the external id of another program. */
  const markAs = async (id: string, mark: string | undefined): Promise<void> => {
    const externalId = (await directory.group(id))?.externalId;
    if (isTaken(externalId) || markOf(externalId) === mark) return;
    if (mark !== undefined && externalId === undefined && (await hasOthers())) return;
    await directory.changeGroup(id, { externalId: externalIdFor(mark) });
  };
  return {
    desired: async () => ({}),
    async find({ spec: { name } }) {
      const groups = await directory.groups();
      const found = onlyOne(session, `groups ${JSON.stringify(name)}`, groups, (one) => one.name === name);
      return found && toFound(found);
    },
    async read(id) {
      const found = await directory.group(id);
      return found && toFound(found);
    },
    create: async ({ spec: { name } }, { mark }) =>
      directory.createGroup({
        name,
        externalId: (await hasOthers()) ? undefined : (externalIdFor(mark) ?? undefined),
        access: [],
      }),
    // The name identifies it, and there is nothing else to change.
    change: (_wanted, { id, mark }) => markAs(id, mark),
    setMark: (_wanted, { id }, mark) => markAs(id, mark),
    remove: (id) => directory.removeGroup(id),
  };
};

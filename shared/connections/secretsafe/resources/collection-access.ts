import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import type { CollectionAccess } from '#shared/connections/directory.ts';
import type { ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import { missing, onlyOne } from '#shared/connections/secretsafe/resources/look-ups.ts';
import type { WorkOptions } from '#shared/connections/secretsafe/resources/member.ts';
import { label, resourceName } from '#shared/connections/secretsafe/resources/settings.ts';

type Rights = Omit<CollectionAccess, 'collection'>;

/** Rights by their names in the administration. */
const RIGHTS = {
  view: { readOnly: true, hidePasswords: false, manage: false },
  'view-except-passwords': { readOnly: true, hidePasswords: true, manage: false },
  edit: { readOnly: false, hidePasswords: false, manage: false },
  'edit-except-passwords': { readOnly: false, hidePasswords: true, manage: false },
  manage: { readOnly: false, hidePasswords: false, manage: true },
} as const satisfies Record<string, Rights>;

const isRight = (name: unknown): name is keyof typeof RIGHTS => typeof name === 'string' && Object.hasOwn(RIGHTS, name);

const rightOf = (rights: Rights): string =>
  Object.entries(RIGHTS).find(
    ([, one]) =>
      one.readOnly === rights.readOnly && one.hidePasswords === rights.hidePasswords && one.manage === rights.manage,
  )?.[0] ?? 'unknown';

const collectionAccessSettings = z.strictObject({
  type: z.literal('secretsafe-collection-access').describe('Access of a member or of a group to one collection.'),
  ...commonResource,
  member: resourceName
    .meta({ examples: ['person'] })
    .optional()
    .describe('Name of the member resource in this blueprint.'),
  group: resourceName
    .meta({ examples: ['owners'] })
    .optional()
    .describe('Name of the group resource in this blueprint.'),
  collection: label(300)
    .meta({ examples: ['6f2f31aa-4c5b-4b0e-8f6a-3f1b4d0a7c11'] })
    .describe('Id or external id of the collection. Names are encrypted for the members.'),
  right: z
    .enum(['view', 'view-except-passwords', 'edit', 'edit-except-passwords', 'manage'])
    .default('view')
    .describe('Right in the collection.'),
});
type CollectionAccessSpec = z.infer<typeof collectionAccessSettings>;

export const collectionAccess: ResourceType = {
  settings: collectionAccessSettings,
  references: { member: ['secretsafe-member'], group: ['secretsafe-group'] },
  key: ['member', 'group', 'collection'],
  literal: () => ['collection', 'right'],
  check: ({ member, group }) =>
    (member === undefined) === (group === undefined)
      ? [{ setting: undefined, message: 'needs a member or a group, and not both; write one of the two' }]
      : [],
  fixed: {},
  keepsMark: false,
  grantsRights: true,
};

/** The member or group that has the access. */
interface Holder {
  readonly id: string;
  read(): Promise<readonly CollectionAccess[] | undefined>;
  write(access: readonly CollectionAccess[]): Promise<void>;
}

export const collectionAccessWork = ({
  session,
  directory,
}: Omit<WorkOptions, 'hasOthers'>): ResourceWork<CollectionAccessSpec> => {
  const holderIn = ({ refs }: Pick<Wanted, 'refs'>): Holder => {
    const [group] = refs['group'] ?? [];
    const [member = ''] = refs['member'] ?? [];
    return group === undefined
      ? {
          id: member,
          read: async () => (await directory.member(member))?.access,
          write: (access) => directory.changeMember(member, { access }),
        }
      : {
          id: group,
          read: async () => (await directory.group(group))?.access,
          write: (access) => directory.changeGroup(group, { access }),
        };
  };
  const collectionIn = async ({ spec }: Pick<Wanted<CollectionAccessSpec>, 'spec'>): Promise<string> => {
    const found = onlyOne(
      session,
      `collections ${JSON.stringify(spec.collection)}`,
      await directory.collections(),
      ({ id, externalId }) => id === spec.collection.toLowerCase() || externalId === spec.collection,
    );
    if (found === undefined) throw missing(session, 'collection', spec.collection);
    return found.id;
  };
  /** Sets or removes the access to one collection. The others stay. */
  const set = async (wanted: Wanted<CollectionAccessSpec>, rights: Rights | undefined): Promise<string> => {
    const holder = holderIn(wanted);
    const collection = await collectionIn(wanted);
    const others = ((await holder.read()) ?? []).filter((one) => one.collection !== collection);
    await holder.write(rights === undefined ? others : [...others, { collection, ...rights }]);
    return `${holder.id}/${collection}`;
  };
  return {
    desired: async ({ spec }) => ({ right: spec.right }),
    async find(wanted) {
      const holder = holderIn(wanted);
      const collection = await collectionIn(wanted);
      const found = (await holder.read())?.find((one) => one.collection === collection);
      if (found === undefined) return undefined;
      return {
        id: `${holder.id}/${collection}`,
        title: `access to ${collection}`,
        mark: undefined,
        fields: { right: rightOf(found) },
      };
    },
    create: (wanted) => set(wanted, RIGHTS[wanted.spec.right]),
    async change(wanted) {
      await set(wanted, RIGHTS[wanted.spec.right]);
    },
    async restore(wanted, earlier) {
      const right = earlier?.['right'];
      await set(wanted, isRight(right) ? RIGHTS[right] : undefined);
    },
    // It ends with its member or group.
    remove: async () => {},
  };
};

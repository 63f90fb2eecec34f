import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import type { DirectorySession, Member } from '#shared/connections/directory.ts';
import type { Found, ResourceType, ResourceWork } from '#shared/connections/resource.ts';
import { missing, onlyOne } from '#shared/connections/secretsafe/resources/look-ups.ts';
import { externalIdFor, isTaken, markOf } from '#shared/connections/secretsafe/resources/owner.ts';
import { label } from '#shared/connections/secretsafe/resources/settings.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import type { Fields } from '#shared/domain/blueprint/fields.ts';
import { spellingOf } from '#shared/domain/directory/email.ts';
import { RelayError } from '#shared/errors.ts';

const memberSettings = z.strictObject({
  type: z.literal('secretsafe-member').describe('A member of the organization, of the type user.'),
  ...commonResource,
  email: label(256)
    .meta({ examples: ['{email}'] })
    .describe('E-mail address, which receives the invitation.'),
  groups: z
    .array(label(100))
    .max(100)
    .meta({ examples: [['Operations']] })
    .optional()
    .describe('Names of all groups of the member. Without this setting, its groups stay as they are.'),
});
type MemberSpec = z.infer<typeof memberSettings>;

export const member: ResourceType = {
  settings: memberSettings,
  references: {},
  key: ['email'],
  literal: () => ['groups'],
  fixed: {},
  keepsMark: true,
  grantsRights: true,
  loss: 'A member that is invited again has to accept, and a person has to confirm it.',
};

export interface WorkOptions {
  readonly session: Session;
  readonly directory: DirectorySession;
  /** True if another program manages external ids. */
  readonly hasOthers: () => Promise<boolean>;
}

/** Their membership ends only by a decision of an administrator. */
const PRIVILEGED: readonly Member['type'][] = ['owner', 'admin'];

export const memberWork = ({ session, directory, hasOthers }: WorkOptions): ResourceWork<MemberSpec> => {
  const groupIds = async (names: readonly string[]): Promise<readonly string[]> => {
    const groups = await directory.groups();
    return names.map((name) => {
      const found = onlyOne(session, `groups ${JSON.stringify(name)}`, groups, (group) => group.name === name);
      if (found === undefined) throw missing(session, 'groups', name);
      return found.id;
    });
  };
  const toFound = async (found: Member, fields: Found['fields']): Promise<Found> => {
    const mark = markOf(found.externalId);
    const isUnmarkable = mark === undefined && (isTaken(found.externalId) || (await hasOthers()));
    return { id: found.id, title: found.email, mark, fields, ...(isUnmarkable && { isUnmarkable }) };
  };
  /** Refuses a member whom someone has promoted. */
  const refusePrivileged = ({ email, type }: Member): void => {
    if (!PRIVILEGED.includes(type)) return;
    throw new RelayError(
      'ChangeRefused',
      `${session.connection}: ${email} is an ${type}. A blueprint ends no membership of owners and administrators. Make the member a user, or remove it in the administration.`,
    );
  };
  const known = async (id: string): Promise<Member> => {
    const found = await directory.member(id);
    if (found !== undefined) return found;
    throw new RelayError('NotFound', `${session.connection}: the member ${id} does not exist any more.`);
  };
  /** Never replaces the external id of another program. */
  const markAs = async (id: string, mark: string | undefined): Promise<void> => {
    const { externalId } = await known(id);
    if (isTaken(externalId) || markOf(externalId) === mark) return;
    if (mark !== undefined && externalId === undefined && (await hasOthers())) return;
    await directory.changeMember(id, { externalId: externalIdFor(mark) });
  };
  const setGroups = async (id: string, { groups }: MemberSpec): Promise<void> => {
    if (groups === undefined) return;
    const [wanted, current] = await Promise.all([groupIds(groups), directory.groupsOf(id)]);
    await directory.changeGroupsOf(id, {
      add: wanted.filter((group) => !current.includes(group)),
      remove: current.filter((group) => !wanted.includes(group)),
    });
  };
  return {
    desired: async ({ spec }): Promise<Fields> =>
      spec.groups === undefined ? {} : { groups: await groupIds(spec.groups) },
    async find({ spec }) {
      const members = await directory.members();
      const email = spellingOf(spec.email);
      const found = onlyOne(session, `members ${JSON.stringify(email)}`, members, (one) => one.email === email);
      if (found === undefined) return undefined;
      return toFound(found, spec.groups === undefined ? {} : { groups: await directory.groupsOf(found.id) });
    },
    async read(id) {
      const found = await directory.member(id);
      return found && toFound(found, {});
    },
    async create({ spec }, { mark }) {
      const groups = spec.groups === undefined ? [] : await groupIds(spec.groups);
      const externalId = (await hasOthers()) ? undefined : (externalIdFor(mark) ?? undefined);
      return directory.invite({ email: spec.email, type: 'user', externalId, access: [], groups });
    },
    async change({ spec }, found) {
      await markAs(found.id, found.mark);
      await setGroups(found.id, spec);
    },
    // Older servers ignore the groups of an invitation.
    async settle({ spec }, id) {
      await setGroups(id, spec);
      return 'done';
    },
    setMark: (_wanted, { id }, mark) => markAs(id, mark),
    async setEnabled(id, isEnabled) {
      const { revokes } = await directory.abilities();
      const found = await known(id);
      if (isEnabled) {
        // Without a status of its own, the member gets its groups and collections back by the blueprint.
        if (revokes) await directory.restore(id);
        return;
      }
      refusePrivileged(found);
      if (revokes && (await directory.revoke(id))) return;
      await directory.changeGroupsOf(id, { add: [], remove: await directory.groupsOf(id) });
      await directory.changeMember(id, { access: [], hasAllAccess: false });
    },
    async remove(id) {
      const found = await directory.member(id);
      if (found === undefined) return;
      refusePrivileged(found);
      await directory.removeMember(id);
    },
  };
};

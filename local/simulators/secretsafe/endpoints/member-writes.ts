import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { EVENT } from '../events.ts';
import { email, readFields } from '../fields.ts';
import { guid } from '../ids.ts';
import { type Access, type Organization, TYPE } from '../organization.ts';
import { NO_PERMISSIONS } from '../permissions.ts';
import { badRequest, invalid, json, referenceNotFound } from '../replies.ts';
import { associations, memberRow } from '../rows.ts';
import { takeSeats } from '../seats.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';
import type { Switches } from '../switches.ts';
import { accessIn, associationList, externalId, permissionFields, sharedCollections } from './bodies.ts';
import { memberOf } from './members.ts';

const typeIn = (...types: readonly number[]) =>
  z.int().refine((type) => types.includes(type), 'The field Type is invalid.');

const COMMON = {
  externalId,
  collections: associationList,
  groups: z.array(guid).optional(),
  permissions: permissionFields,
  accessAll: z.boolean().optional(),
};
/** `email` comes first, as the order of the errors does. */
const TODAY = { ...COMMON, type: typeIn(0, 1, 2, 4) };
const OLDER = { ...COMMON, type: typeIn(0, 1, 2, 3), accessAll: z.boolean() };

const WRITES = { today: z.object(TODAY), older: z.object(OLDER) };
const INVITES = { today: z.object({ email, ...TODAY }), older: z.object({ email, ...OLDER }) };

type MemberFields = z.infer<typeof WRITES.today>;

const eraOf = ({ era }: Switches): 'today' | 'older' => (era === 'older' ? 'older' : 'today');

/** Permissions and a type must fit together. */
const assertPermissions = ({ type, permissions }: MemberFields, switches: Switches): void => {
  if (switches.era === 'older') return;
  if (type !== TYPE.custom && permissions !== undefined) {
    throw invalid({ Permissions: ['Only users with the Custom type may use custom permissions.'] });
  }
  if (type === TYPE.custom && !switches.plan.customPermissions) {
    throw badRequest('To enable custom permissions the organization must be on an Enterprise plan.');
  }
};

const groupsIn = (
  groups: readonly string[] | undefined,
  organization: Organization,
  { unknownReferences }: Switches,
): readonly string[] | undefined => {
  const isUnknown = groups?.some((id) => !organization.groups.has(id)) === true;
  if (isUnknown && unknownReferences === 404) throw referenceNotFound();
  return groups;
};

/** A response shows the collections of its request, null if it has none. */
const sent = (access: ReadonlyMap<string, Access> | undefined, switches: Switches) =>
  access === undefined ? null : associations(access, switches);

const invite = (site: Site, call: Call): Reply => {
  const { organization, events, switches } = site;
  const fields = readFields(call, INVITES[eraOf(switches)]);
  assertPermissions(fields, switches);
  const access = accessIn(fields.collections, sharedCollections(organization), switches);
  const groups = groupsIn(switches.era === 'older' ? undefined : fields.groups, organization, switches);
  if (organization.memberByEmail(fields.email) !== undefined) throw badRequest('This user has already been invited.');
  takeSeats(site, 1);
  const member = organization.addMember({
    email: switches.invitedEmail === 'lower-case' ? fields.email.toLowerCase() : fields.email,
    type: fields.type,
    externalId: fields.externalId ?? null,
    permissions: fields.type === TYPE.custom ? (fields.permissions ?? NO_PERMISSIONS) : null,
    accessAll: fields.accessAll ?? false,
    access: access ?? new Map(),
  });
  if (groups !== undefined && groups.length > 0) organization.setGroups(member, groups);
  events.record(EVENT.invited, { memberId: member.id });
  return json(200, memberRow(member, sent(access, switches), switches));
};

/**
 * Replaces a member as a whole: an omitted external id becomes null, omitted collections are all removed. Omitted
 * groups stay, and so do omitted permissions of a custom member. The address never changes.
 */
const update = (site: Site, call: Call, id: string): Reply => {
  const { organization, events, switches } = site;
  const fields = readFields(call, WRITES[eraOf(switches)]);
  const member = memberOf(site, id);
  assertPermissions(fields, switches);
  const access = accessIn(fields.collections, sharedCollections(organization), switches);
  const groups = groupsIn(switches.era === 'older' ? undefined : fields.groups, organization, switches);
  if (fields.type !== TYPE.owner && organization.isLastOwner(member)) {
    throw badRequest('Organization must have at least one confirmed owner.');
  }
  organization.change(member, {
    type: fields.type,
    externalId: fields.externalId ?? null,
    access: access ?? new Map(),
    permissions: fields.type === TYPE.custom ? (fields.permissions ?? member.permissions ?? NO_PERMISSIONS) : null,
    accessAll: switches.era === 'older' ? (fields.accessAll ?? false) : member.accessAll,
  });
  if (groups !== undefined) organization.setGroups(member, groups);
  events.record(EVENT.updated, { memberId: id });
  return json(200, memberRow(member, sent(access, switches), switches));
};

/** Invitations and updates of members. */
export const memberWriteEndpoints: readonly ApiEndpoint[] = [
  { method: 'POST', template: `${PUBLIC}/members`, kind: 'invite', handle: invite },
  { method: 'PUT', template: `${PUBLIC}/members/{id}`, kind: 'updateMember', handle: update },
];

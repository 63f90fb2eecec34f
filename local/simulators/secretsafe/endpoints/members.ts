import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { EVENT } from '../events.ts';
import { readFields } from '../fields.ts';
import { guid } from '../ids.ts';
import { type Member, STATUS, TYPE } from '../organization.ts';
import { badRequest, empty, json, list, notFound, referenceNotFound } from '../replies.ts';
import { associations, memberRow } from '../rows.ts';
import { takeSeats } from '../seats.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';

const LAST_OWNER = 'Organization must have at least one confirmed owner.';

export const memberOf = ({ organization }: Site, id: string): Member => {
  const member = organization.members.get(id);
  if (member === undefined) throw notFound();
  return member;
};

const listMembers = ({ organization, switches }: Site): Reply => {
  const isShown = switches.era === 'today' && switches.listedCollections === 'shown';
  const rows = [...organization.members.values()].map((member) =>
    memberRow(member, isShown ? associations(member.access, switches) : null, switches),
  );
  return list(rows);
};

const readMember = (site: Site, _call: Call, id: string): Reply => {
  const member = memberOf(site, id);
  return json(200, memberRow(member, associations(member.access, site.switches), site.switches));
};

const GROUP_IDS = z.object({ groupIds: z.array(guid).optional() });

const setGroups = (site: Site, call: Call, id: string): Reply => {
  const { organization, events, switches } = site;
  const { groupIds = [] } = readFields(call, GROUP_IDS);
  const member = memberOf(site, id);
  if (switches.unknownIdsOfSets === 404 && groupIds.some((one) => !organization.groups.has(one))) {
    throw referenceNotFound();
  }
  organization.setGroups(member, groupIds);
  events.record(EVENT.groupsChanged, { memberId: id });
  return empty(200);
};

const remove = (site: Site, _call: Call, id: string): Reply => {
  const { organization, events } = site;
  const member = memberOf(site, id);
  if (organization.isLastOwner(member)) throw badRequest(LAST_OWNER);
  organization.removeMember(member);
  events.record(EVENT.removed, { memberId: id });
  return empty(200);
};

/** Sends an invitation again, which writes no event and changes nothing that a call shows. */
const reinvite = (site: Site, _call: Call, id: string): Reply => {
  if (memberOf(site, id).status !== STATUS.invited) throw badRequest('User invalid.');
  return empty(200);
};

const revoke = (site: Site, _call: Call, id: string): Reply => {
  const { organization, events } = site;
  const member = memberOf(site, id);
  if (member.status === STATUS.revoked) throw badRequest('Already revoked.');
  if (organization.isLastOwner(member)) throw badRequest(LAST_OWNER);
  organization.change(member, { status: STATUS.revoked, statusBefore: member.status });
  events.record(EVENT.revoked, { memberId: id });
  return empty(200);
};

/** Policies do not apply to owners and administrators. */
const assertCompliant = ({ organization }: Site, member: Member): void => {
  if (member.type === TYPE.owner || member.type === TYPE.admin) return;
  if (organization.isEnabled(0) && !member.twoFactorEnabled && member.userId !== null) {
    throw badRequest(`${member.email} is not compliant with the two-step login policy`);
  }
  if (organization.isEnabled(3) && member.isInOtherOrganization) {
    throw badRequest(`${member.email} is not compliant with the single organization policy`);
  }
};

const restore = (site: Site, _call: Call, id: string): Reply => {
  const { organization, events } = site;
  const member = memberOf(site, id);
  if (member.status !== STATUS.revoked) throw badRequest('Already active.');
  assertCompliant(site, member);
  if (member.statusBefore !== STATUS.staged) takeSeats(site, 1);
  organization.change(member, { status: member.statusBefore });
  events.record(EVENT.restored, { memberId: id });
  return empty(200);
};

const MEMBERS = `${PUBLIC}/members`;
const ONE = `${MEMBERS}/{id}`;

/** Members, apart from the writes of their fields. */
export const memberEndpoints: readonly ApiEndpoint[] = [
  { method: 'GET', template: MEMBERS, kind: 'members', handle: listMembers },
  { method: 'GET', template: ONE, kind: 'member', handle: readMember },
  { method: 'DELETE', template: ONE, kind: 'removeMember', handle: remove },
  {
    method: 'GET',
    template: `${ONE}/group-ids`,
    kind: 'memberGroups',
    handle: (site, _call, id) => json(200, [...memberOf(site, id).groupIds]),
  },
  { method: 'PUT', template: `${ONE}/group-ids`, kind: 'setMemberGroups', handle: setGroups },
  { method: 'POST', template: `${ONE}/reinvite`, kind: 'reinvite', handle: reinvite },
  { method: 'POST', template: `${ONE}/revoke`, kind: 'revoke', eras: ['today'], handle: revoke },
  { method: 'POST', template: `${ONE}/restore`, kind: 'restore', eras: ['today'], handle: restore },
];

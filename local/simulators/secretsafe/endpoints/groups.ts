import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { EVENT } from '../events.ts';
import { readFields, requiredTextOf } from '../fields.ts';
import { guid } from '../ids.ts';
import type { Access, Group } from '../organization.ts';
import { badRequest, empty, json, list, notFound, referenceNotFound } from '../replies.ts';
import { associations, groupRow } from '../rows.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';
import { accessIn, associationList, externalId, sharedCollections } from './bodies.ts';

const TODAY = z.object({
  name: requiredTextOf(100),
  externalId,
  collections: associationList,
  accessAll: z.boolean().optional(),
});
const OLDER = TODAY.required({ accessAll: true });
const MEMBER_IDS = z.object({ memberIds: z.array(guid).optional() });

const groupOf = ({ organization }: Site, id: string): Group => {
  const group = organization.groups.get(id);
  if (group === undefined) throw notFound();
  return group;
};

const fieldsOf = (site: Site, call: Call) => {
  const { organization, switches } = site;
  const { name, externalId = null, collections, accessAll = false } = readFields(call, schemaFor(site));
  const access = () => accessIn(collections, sharedCollections(organization), switches);
  return { name, externalId, access, accessAll: switches.era === 'older' && accessAll };
};

const schemaFor = ({ switches }: Site) => (switches.era === 'older' ? OLDER : TODAY);

const assertPlan = ({ switches }: Site): void => {
  if (!switches.plan.groups) throw badRequest('This organization cannot use groups.');
};

/** The response of a write shows the collections of its request, null if it has none. */
const written = (group: Group, access: ReadonlyMap<string, Access> | undefined, { switches }: Site): Reply =>
  json(200, groupRow(group, access === undefined ? null : associations(access, switches), switches));

const create = (site: Site, call: Call): Reply => {
  const { access: readAccess, ...fields } = fieldsOf(site, call);
  assertPlan(site);
  const access = readAccess();
  const group = site.organization.addGroup({ ...fields, access: access ?? new Map() });
  site.events.record(EVENT.groupCreated, { groupId: group.id });
  return written(group, access, site);
};

/** Replaces the name and the external id. Omitted collections stay. */
const update = (site: Site, call: Call, id: string): Reply => {
  const { access: readAccess, ...fields } = fieldsOf(site, call);
  const group = groupOf(site, id);
  assertPlan(site);
  const access = readAccess();
  site.organization.change(group, { ...fields, ...(access !== undefined && { access }) });
  site.events.record(EVENT.groupUpdated, { groupId: id });
  return written(group, access, site);
};

/** Writes no event. */
const setMembers = (site: Site, call: Call, id: string): Reply => {
  const { organization, switches } = site;
  const { memberIds = [] } = readFields(call, MEMBER_IDS);
  const group = groupOf(site, id);
  if (switches.unknownIdsOfSets === 404 && memberIds.some((one) => !organization.members.has(one))) {
    throw referenceNotFound();
  }
  organization.setMembers(group, memberIds);
  return empty(200);
};

const listGroups = ({ organization, switches }: Site): Reply =>
  list([...organization.groups.values()].map((one) => groupRow(one, associations(one.access, switches), switches)));

const readGroup = (site: Site, _call: Call, id: string): Reply => {
  const group = groupOf(site, id);
  return json(200, groupRow(group, associations(group.access, site.switches), site.switches));
};

/** Writes no event. */
const remove = (site: Site, _call: Call, id: string): Reply => {
  site.organization.removeGroup(groupOf(site, id));
  return empty(200);
};

const GROUPS = `${PUBLIC}/groups`;
const ONE = `${GROUPS}/{id}`;

export const groupEndpoints: readonly ApiEndpoint[] = [
  { method: 'GET', template: GROUPS, kind: 'groups', handle: listGroups },
  { method: 'POST', template: GROUPS, kind: 'createGroup', handle: create },
  { method: 'GET', template: ONE, kind: 'group', handle: readGroup },
  { method: 'PUT', template: ONE, kind: 'updateGroup', handle: update },
  { method: 'DELETE', template: ONE, kind: 'removeGroup', handle: remove },
  {
    method: 'GET',
    template: `${ONE}/member-ids`,
    kind: 'groupMembers',
    handle: (site, _call, id) => json(200, [...groupOf(site, id).memberIds]),
  },
  { method: 'PUT', template: `${ONE}/member-ids`, kind: 'setGroupMembers', handle: setMembers },
];

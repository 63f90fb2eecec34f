import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { EVENT } from '../events.ts';
import { readFields } from '../fields.ts';
import type { Access, Collection, Organization } from '../organization.ts';
import { badRequest, empty, json, list, notFound } from '../replies.ts';
import { associations, collectionRow, groupsByCollection } from '../rows.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';
import { accessIn, associationList, externalId } from './bodies.ts';

const WRITE = z.object({ externalId, groups: associationList });

/** Personal collections are hidden. */
const collectionOf = ({ organization }: Site, id: string): Collection => {
  const collection = organization.collections.get(id);
  if (collection === undefined || collection.isDefault) throw notFound();
  return collection;
};

const groupsOf = (organization: Organization, id: string): ReadonlyMap<string, Access> =>
  groupsByCollection(organization).get(id) ?? new Map();

const listCollections = ({ organization, switches }: Site): Reply => {
  const groups = groupsByCollection(organization);
  const shown = [...organization.collections.values()].filter(({ isDefault }) => !isDefault);
  return list(
    shown.map((one) => {
      const held = switches.era === 'today' ? associations(groups.get(one.id) ?? new Map(), switches) : null;
      return collectionRow(one, held, switches);
    }),
  );
};

const readCollection = (site: Site, _call: Call, id: string): Reply => {
  const groups = associations(groupsOf(site.organization, id), site.switches);
  return json(200, collectionRow(collectionOf(site, id), groups, site.switches));
};

/** True if a group of these or a member could still manage the collection. */
const hasManager = ({ members }: Organization, id: string, groups: ReadonlyMap<string, Access>): boolean =>
  [...groups.values()].some(({ manage }) => manage) ||
  [...members.values()].some(({ access }) => access.get(id)?.manage === true);

/** Replaces the external id: omitted, it becomes null. Omitted groups stay. */
const update = (site: Site, call: Call, id: string): Reply => {
  const { organization, events, switches } = site;
  const { externalId = null, groups: listed } = readFields(call, WRITE);
  const collection = collectionOf(site, id);
  const groups = accessIn(listed, organization.groups, switches);
  const isManaged = groups === undefined || switches.adminsManageCollections || hasManager(organization, id, groups);
  if (switches.era === 'today' && !isManaged) {
    throw badRequest('At least one member or group must have can manage permission.');
  }
  organization.change(collection, { externalId });
  if (groups !== undefined) organization.setAccess(id, groups);
  events.record(EVENT.collectionUpdated, { collectionId: id });
  return json(200, collectionRow(collection, groups === undefined ? null : associations(groups, switches), switches));
};

/** Writes no event. */
const remove = (site: Site, _call: Call, id: string): Reply => {
  const { organization } = site;
  const collection = organization.collections.get(id);
  if (collection === undefined) throw notFound();
  if (collection.isDefault) throw badRequest('You cannot delete a collection with the type as DefaultUserCollection.');
  organization.removeCollection(collection);
  return empty(200);
};

const COLLECTIONS = `${PUBLIC}/collections`;
const ONE = `${COLLECTIONS}/{id}`;

export const collectionEndpoints: readonly ApiEndpoint[] = [
  { method: 'GET', template: COLLECTIONS, kind: 'collections', handle: listCollections },
  { method: 'GET', template: ONE, kind: 'collection', handle: readCollection },
  { method: 'PUT', template: ONE, kind: 'updateCollection', handle: update },
  { method: 'DELETE', template: ONE, kind: 'removeCollection', handle: remove },
];

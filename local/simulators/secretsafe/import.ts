import { EVENT } from './events.ts';
import type { DirectoryImport } from './import-body.ts';
import { type Member, STATUS, TYPE } from './organization.ts';
import { badRequest, failure } from './replies.ts';
import { hasSeats, takeSeats } from './seats.ts';
import type { Site } from './site.ts';

const isUnique = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;

/** Members or groups by external id. @throws Refusal: 500 if two have the same */
export const byExternalId = <T extends { readonly externalId: string | null }>(all: Iterable<T>): Map<string, T> => {
  const found = new Map<string, T>();
  for (const one of all) {
    if (one.externalId === null) continue;
    if (found.has(one.externalId)) throw failure();
    found.set(one.externalId, one);
  }
  return found;
};

const remove = ({ organization, events }: Site, member: Member): void => {
  organization.removeMember(member);
  events.record(EVENT.removed, { memberId: member.id });
};

const removeDeleted = (site: Site, { members }: DirectoryImport): void => {
  const deleted = new Set(members.flatMap((one) => (one.deleted ? [one.externalId] : [])));
  for (const member of site.organization.members.values()) {
    if (member.externalId !== null && deleted.has(member.externalId) && member.type !== TYPE.owner)
      remove(site, member);
  }
};

/** Removes, not revokes, everybody with an external id whom the request does not name. */
const removeOthers = (site: Site, { members, overwriteExisting }: DirectoryImport): void => {
  if (!overwriteExisting) return;
  const named = new Set(members.map(({ externalId }) => externalId));
  const others = [...site.organization.members.values()].filter(
    ({ externalId, type }) => externalId !== null && !named.has(externalId) && type !== TYPE.owner,
  );
  if (others.some(({ hasMasterPassword }) => !hasMasterPassword)) {
    throw badRequest('Sync failed. Some members to remove have no master password.');
  }
  for (const member of others) remove(site, member);
};

interface Wanted {
  readonly email: string;
  readonly externalId: string;
}

/** Gives the external id to members who have none, by their address. */
const adopt = ({ organization }: Site, wanted: readonly Wanted[]): void => {
  const free = new Map(
    [...organization.members.values()]
      .filter(({ externalId }) => externalId === null)
      .map((member) => [member.email.toLowerCase(), member]),
  );
  for (const { email, externalId } of wanted) {
    const member = free.get(email.toLowerCase());
    if (member !== undefined) organization.change(member, { externalId });
  }
};

/** Invites or stages everybody who is new. @returns false if an older server gave up silently */
const add = (site: Site, wanted: readonly Wanted[], invites: boolean): boolean => {
  const { organization, events, switches } = site;
  const known = byExternalId(organization.members.values());
  const emails = new Set([...organization.members.values()].map(({ email }) => email.toLowerCase()));
  const hasOtherEmail = wanted.some(({ email, externalId }) => {
    const member = known.get(externalId);
    return member?.status === STATUS.invited && member.email.toLowerCase() !== email.toLowerCase();
  });
  if (hasOtherEmail && switches.importChangedEmail === 500) throw failure();
  const added = wanted.filter(({ email, externalId }) => !known.has(externalId) && !emails.has(email.toLowerCase()));
  if (invites && !hasSeats(site, added.length) && switches.importOverSeats === 'ignored') return false;
  if (invites) takeSeats(site, added.length);
  for (const { email, externalId } of added) {
    const stored = switches.invitedEmail === 'lower-case' ? email.toLowerCase() : email;
    const status = invites ? STATUS.invited : STATUS.staged;
    const member = organization.addMember({ email: stored, externalId, status });
    events.record(invites ? EVENT.invited : EVENT.staged, { memberId: member.id });
  }
  return true;
};

/** Creates and renames groups, and sets the members of each to those whom the organization knows. */
const importGroups = ({ organization, events, switches }: Site, { groups }: DirectoryImport): void => {
  if (groups.length === 0) return;
  if (!switches.plan.groups) throw badRequest('Organization cannot use groups.');
  if (!isUnique(groups.map(({ externalId }) => externalId))) throw failure();
  const known = byExternalId(organization.groups.values());
  const members = byExternalId(organization.members.values());
  for (const { name, externalId, memberExternalIds } of groups) {
    let group = known.get(externalId);
    if (group === undefined) {
      group = organization.addGroup({ name, externalId, accessAll: false, access: new Map() });
      events.record(EVENT.groupCreated, { groupId: group.id });
    } else if (group.name !== name) {
      organization.change(group, { name });
      events.record(EVENT.groupUpdated, { groupId: group.id });
    }
    organization.setMembers(
      group,
      memberExternalIds.flatMap((id) => members.get(id)?.id ?? []),
    );
  }
};

/** Performs an import step by step. What was done before a refusal stays. @throws Refusal */
export const importDirectory = (site: Site, request: DirectoryImport): void => {
  const { switches } = site;
  const staying = request.members.filter(({ deleted }) => !deleted);
  const isLarge = Math.max(staying.length, request.groups.length) > switches.importLimit;
  if (isLarge && !request.largeImport && switches.deployment === 'cloud') {
    throw badRequest('You cannot import this much data at once.');
  }
  if (!switches.plan.directory) throw badRequest('Organization cannot use directory syncing.');
  removeDeleted(site, request);
  removeOthers(site, request);
  const wanted = staying.map(({ email = '', externalId }) => ({ email, externalId }));
  const emails = wanted.map(({ email }) => email.toLowerCase());
  if (!isUnique(emails) || !isUnique(wanted.map(({ externalId }) => externalId))) throw failure();
  adopt(site, wanted);
  const invites = switches.era === 'older' || request.inviteUsersAfterProvisioning;
  if (add(site, wanted, invites)) importGroups(site, request);
};

import { byExternalId } from './import.ts';
import type { DirectoryImport } from './import-body.ts';
import { STATUS, TYPE } from './organization.ts';
import { badRequest } from './replies.ts';
import type { Site } from './site.ts';

/** Revokes the deleted, restores or invites the others. */
const importMember = ({ organization }: Site, wanted: DirectoryImport['members'][number]): void => {
  const { email = '', externalId, deleted } = wanted;
  const member = organization.memberByEmail(email);
  if (deleted) {
    if (member === undefined || member.status === STATUS.revoked) return;
    if (organization.isLastOwner(member)) return;
    organization.change(member, { status: STATUS.revoked, statusBefore: member.status });
    return;
  }
  if (member === undefined) {
    organization.addMember({ email, externalId });
    return;
  }
  const status = member.status === STATUS.revoked ? member.statusBefore : member.status;
  if (member.externalId !== externalId || member.status !== status) organization.change(member, { externalId, status });
};

/** Sets the members of groups, whose names never follow. */
const importGroups = ({ organization, switches }: Site, { groups }: DirectoryImport): void => {
  if (switches.importOnlyGroups === 'off') return;
  const members = byExternalId(organization.members.values());
  for (const { name, externalId, memberExternalIds } of groups) {
    const known = [...organization.groups.values()].find((group) => group.externalId === externalId);
    const group = known ?? organization.addGroup({ name, externalId, accessAll: false, access: new Map() });
    organization.setMembers(
      group,
      memberExternalIds.flatMap((id) => members.get(id)?.id ?? []),
    );
  }
};

/** An import into a server that has no other call: `deleted` revokes, a later import restores, overwriting removes. */
export const importIntoOnly = (site: Site, request: DirectoryImport): void => {
  const { organization } = site;
  for (const wanted of request.members) importMember(site, wanted);
  importGroups(site, request);
  if (!request.overwriteExisting) return;
  const named = new Set(request.members.map(({ externalId }) => externalId));
  for (const member of organization.members.values()) {
    if (member.externalId === null || named.has(member.externalId) || organization.isLastOwner(member)) continue;
    if (member.type === TYPE.owner) throw badRequest('Owners can only be removed by other owners.');
    organization.removeMember(member);
  }
};

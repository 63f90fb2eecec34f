import type { Collection, DirectorySession, Group } from '#shared/connections/directory.ts';
import {
  create,
  erase,
  notTaken,
  pathOf,
  readExisting,
  readList,
  readOne,
  write,
} from '#shared/connections/secretsafe/calls.ts';
import { groupDifferences, mergedGroup } from '#shared/connections/secretsafe/merge.ts';
import type { Server } from '#shared/connections/secretsafe/server.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import {
  accessOf,
  associationsFor,
  collectionRow,
  created,
  type GroupRow,
  groupRow,
  ids,
  rowWithId,
  textOr,
} from '#shared/connections/secretsafe/wire.ts';

const toGroup = (row: GroupRow, access: Group['access']): Group => ({
  id: row.id,
  name: row.name,
  externalId: textOr(row.externalId),
  access,
  hasAllAccess: row.accessAll === true,
});

type GroupCalls = Pick<
  DirectorySession,
  'groups' | 'group' | 'membersOf' | 'collections' | 'createGroup' | 'changeGroup' | 'removeGroup'
>;

const at = (id: string): string => pathOf('groups', id);

/** Calls about groups and collections. */
export const openGroups = (session: Session, server: Server): GroupCalls => {
  const readRow = async (id: string): Promise<GroupRow | undefined> => {
    const row = await readOne(session, at(id), rowWithId(groupRow, id));
    if (row === undefined) await server.assertManages();
    return row;
  };
  return {
    async groups() {
      const { rows, rejected } = await readList(session, 'groups', groupRow);
      server.note(rows);
      return { rows: rows.map((row) => toGroup(row, row.collections?.map(accessOf))), rejected };
    },
    async group(id) {
      const row = await readRow(id);
      return row && toGroup(row, (row.collections ?? []).map(accessOf));
    },
    membersOf: (id) => readExisting(session, `${at(id)}/member-ids`, ids),
    async collections() {
      const { rows, rejected } = await readList(session, 'collections', collectionRow);
      const toCollection = ({ id, externalId }: (typeof rows)[number]): Collection => ({
        id,
        externalId: textOr(externalId),
      });
      return { rows: rows.map(toCollection), rejected };
    },
    async createGroup({ name, externalId, access }) {
      await server.assertGrants(access);
      const collections = associationsFor(access, []);
      const group = { name, externalId: externalId ?? null, collections, accessAll: false };
      return create(session, pathOf('groups'), group, created);
    },
    async changeGroup(id, change) {
      const before = await readExisting(session, at(id), rowWithId(groupRow, id));
      server.note([before]);
      await server.assertGrants(change.access);
      await write(session, 'PUT', at(id), mergedGroup(before, change));
      const after = await readExisting(session, at(id), rowWithId(groupRow, id));
      const different = groupDifferences(before, change, after);
      if (different.length > 0) throw notTaken(session, at(id), different);
    },
    async removeGroup(id) {
      await erase(session, at(id));
      if ((await readRow(id)) !== undefined) throw notTaken(session, at(id), ['state: the group still exists']);
    },
  };
};

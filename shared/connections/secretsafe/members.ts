import type { DirectorySession, Member, MemberChange, MemberType } from '#shared/connections/directory.ts';
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
import { memberDifferences, mergedMember } from '#shared/connections/secretsafe/merge.ts';
import type { Server } from '#shared/connections/secretsafe/server.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import {
  accessOf,
  associationsFor,
  created,
  ids,
  type MemberRow,
  memberRow,
  numberOf,
  rowWithId,
  textOr,
} from '#shared/connections/secretsafe/wire.ts';
import { spellingOf } from '#shared/domain/directory/email.ts';
import { RelayError } from '#shared/errors.ts';

const toMember = (row: MemberRow, access: Member['access']): Member => ({
  id: row.id,
  email: spellingOf(row.email),
  type: row.type,
  status: row.status,
  externalId: textOr(row.externalId),
  access,
  hasAllAccess: row.accessAll === true,
});

/** In a list, null also stands for collections that the server does not show there. */
const listed = (row: MemberRow): Member => toMember(row, row.collections?.map(accessOf));
const read = (row: MemberRow): Member => toMember(row, (row.collections ?? []).map(accessOf));

type MemberCalls = Pick<
  DirectorySession,
  | 'members'
  | 'member'
  | 'groupsOf'
  | 'invite'
  | 'reinvite'
  | 'changeMember'
  | 'changeGroupsOf'
  | 'revoke'
  | 'restore'
  | 'removeMember'
>;

const at = (id: string): string => pathOf('members', id);

/** Calls about members. */
export const openMembers = (session: Session, server: Server): MemberCalls => {
  const readRow = async (id: string): Promise<MemberRow | undefined> => {
    const row = await readOne(session, at(id), rowWithId(memberRow, id));
    if (row === undefined) await server.assertManages();
    else server.note([row]);
    return row;
  };
  const existing = async (id: string): Promise<MemberRow> => {
    const row = await readExisting(session, at(id), rowWithId(memberRow, id));
    server.note([row]);
    return row;
  };
  const groupsOf = (id: string): Promise<readonly string[]> => readExisting(session, `${at(id)}/group-ids`, ids);

  const changeMember = async (id: string, change: MemberChange): Promise<void> => {
    const before = await existing(id);
    await server.assertGrants(change.access);
    await write(session, 'PUT', at(id), mergedMember(before, change));
    const different = memberDifferences(before, change, await existing(id));
    if (different.length > 0) throw notTaken(session, at(id), different);
  };

  const changeGroupsOf: MemberCalls['changeGroupsOf'] = async (id, { add, remove }) => {
    const before = await groupsOf(id);
    const wanted = new Set([...before.filter((group) => !remove.includes(group)), ...add]);
    if (isSameSet(wanted, before)) return;
    await write(session, 'PUT', `${at(id)}/group-ids`, { groupIds: [...wanted] });
    if (!isSameSet(wanted, await groupsOf(id))) throw notTaken(session, at(id), ['set of groups']);
  };

  /** Revokes or restores. A refusal counts as done if the member has that state. False if the server lacks the call. */
  const setRevoked = async (id: string, action: 'revoke' | 'restore'): Promise<boolean> => {
    const isDone = ({ status }: MemberRow): boolean => (status === 'revoked') === (action === 'revoke');
    const refused = await refusalOf(write(session, 'POST', `${at(id)}/${action}`));
    const row = await existing(id);
    if (isDone(row)) return true;
    if (refused === undefined) throw notTaken(session, at(id), ['status']);
    if (refused.name !== 'NotFound' && refused.name !== 'CallUnsupported') throw refused;
    // The member exists, so it is the call that the server lacks.
    server.noteWithoutRevoke();
    return false;
  };

  return {
    async members() {
      const { rows, rejected } = await readList(session, 'members', memberRow);
      server.note(rows);
      return { rows: rows.map(listed), rejected };
    },
    member: async (id) => {
      const row = await readRow(id);
      return row && read(row);
    },
    groupsOf,
    async invite({ email, type, externalId, access, groups }) {
      await server.assertGrants(access);
      const invitation = {
        email,
        type: numberOf(type satisfies MemberType),
        externalId: externalId ?? null,
        collections: associationsFor(access, []),
        groups,
        accessAll: false,
      };
      return create(session, pathOf('members'), invitation, created);
    },
    // Each call sends a mail.
    reinvite: (id) => write(session, 'POST', `${at(id)}/reinvite`, undefined, { idempotent: false }),
    changeMember,
    changeGroupsOf,
    revoke: (id) => setRevoked(id, 'revoke'),
    async restore(id) {
      if (await setRevoked(id, 'restore')) return;
      throw new RelayError(
        'CallUnsupported',
        `${session.connection}: the server cannot restore members. Restore the member in the administration.`,
      );
    },
    async removeMember(id) {
      await erase(session, at(id));
      if ((await readRow(id)) !== undefined) throw notTaken(session, at(id), ['state: the member still exists']);
    },
  };
};

const isSameSet = (wanted: ReadonlySet<string>, found: readonly string[]): boolean =>
  wanted.size === new Set(found).size && found.every((one) => wanted.has(one));

/** The error of a call that certainly had no effect; undefined if it succeeded. Others are raised. */
const refusalOf = async (call: Promise<void>): Promise<RelayError | undefined> => {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof RelayError && !error.retryable) return error;
    throw error;
  }
};

import type { DirectorySession, Member } from '#shared/connections/directory.ts';
import type { HeldPerson } from '#shared/directory/people.ts';
import type { Leaving } from '#shared/domain/directory/state.ts';
import { hasNoAccess } from '#shared/domain/directory/words.ts';

/**
 * The end of all use of a directory by a member, and its return. A member is revoked. Where the directory cannot
 * revoke, its groups, its access and its type are taken away. The record says which, even if the server changes later.
 */

interface Ending {
  readonly person: HeldPerson;
  /** False if the directory is known not to revoke. */
  readonly revokes: boolean;
  /** Writes the journal, before the first change. */
  readonly begin: (before?: Pick<Leaving, 'groups' | 'access'>) => Promise<void>;
}

/** Ends all use of a member, and returns what was recorded of it before. Repeatable. */
export const endUse = async (ending: Ending, member: Member, begun: Leaving): Promise<Leaving> => {
  const { person, revokes, begin } = ending;
  const mayRevoke = revokes && begun.taken === undefined;
  if (!mayRevoke) return takeAway(ending, member, begun);
  await begin();
  await person.change((current) => ({ ...current, leaving: begun }));
  const isRevoked = member.status === 'revoked' || (await person.session.revoke(member.id));
  return isRevoked ? begun : takeAway(ending, member, begun);
};

const takeAway = async ({ person, begin }: Ending, member: Member, begun: Leaving): Promise<Leaving> => {
  const { id, type, access } = member;
  const groups = await person.session.groupsOf(id);
  // A continued attempt finds less than was recorded.
  const leaving: Leaving =
    begun.taken === undefined ? { ...begun, groups: [...groups], access: [...(access ?? [])], taken: type } : begun;
  await begin({ groups: leaving.groups, access: leaving.access });
  await person.change((current) => ({ ...current, leaving }));
  await person.session.changeGroupsOf(id, { add: [], remove: groups });
  await person.session.changeMember(id, {
    ...{ access: [], hasAllAccess: false },
    ...(type !== 'user' && { type: 'user' }),
  });
  return leaving;
};

/** True if a member that was read in full can use nothing, as it was left. Repeatable. */
export const isOut = async (session: DirectorySession, member: Member, { taken }: Leaving): Promise<boolean> => {
  if (member.status === 'revoked') return true;
  const hasNothing = taken !== undefined && hasNoAccess(member);
  return hasNothing && (await session.groupsOf(member.id)).length === 0;
};

/** Returns what was taken away. Repeatable. */
export const returnUse = async (
  { session }: HeldPerson,
  { id, status }: Member,
  { groups, access, taken, wasRevoked }: Leaving,
): Promise<void> => {
  if (status === 'revoked' && wasRevoked !== true) await session.restore(id);
  if (taken === undefined) return;
  await session.changeGroupsOf(id, { add: groups, remove: [] });
  await session.changeMember(id, { access, type: taken });
};

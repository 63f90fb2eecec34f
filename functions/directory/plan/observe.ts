import pMap from 'p-map';
import type { DirectorySession, Listed } from '#shared/connections/directory.ts';
import type { Declared } from '#shared/domain/directory/declared.ts';
import { findGroup } from '#shared/domain/directory/plan-groups.ts';
import type { Observed } from '#shared/domain/directory/planning.ts';
import type { Ownership } from '#shared/domain/directory/state.ts';

/** Calls for members of groups at the same time. The limits of the connection apply as well. */
const MAX_CALLS = 4;

/** Unlisted members or groups that are looked at. If all of them are gone, the list is believed for the rest. */
const MAX_LOOKS = 50;

export interface ObserveOptions {
  readonly relay: string;
  readonly rule: string;
  readonly declared: Declared;
  readonly ownership: Ownership;
  readonly hasPolicies: boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Looks at what belongs to the relay and is not listed any more. One that exists all the same shows that the list is
 * not whole. Without a look, the relay would forget whose it is, and never let it leave.
 */
const provenWhole = async <T extends { readonly id: string }>(
  list: Listed<T>,
  owned: readonly string[],
  find: (id: string) => Promise<T | undefined>,
): Promise<Listed<T>> => {
  const listed = new Set(list.rows.map(({ id }) => id));
  const unlisted = list.rejected.length > 0 ? [] : owned.filter((id) => !listed.has(id));
  for (const id of unlisted.slice(0, MAX_LOOKS)) {
    if ((await find(id)) !== undefined) return { ...list, rejected: [`id ${id}: exists and is not listed`] };
  }
  return list;
};

/**
 * Reads what the directory shows: the lists, one call for each declared group that exists, and one for each member or
 * group of the relay that is gone. Only reads.
 */
export const observe = async (
  session: DirectorySession,
  { relay, rule, declared, ownership, hasPolicies, now }: ObserveOptions,
): Promise<Observed> => {
  const listedAt = now();
  const members = await provenWhole(await session.members(), ownership.members, session.member);
  const groups = await provenWhole(await session.groups(), Object.keys(ownership.groups), session.group);
  const collections = await session.collections();
  const policies = hasPolicies ? await session.policies() : undefined;
  const existing = declared.groups.flatMap((group) => {
    const found = findGroup({ relay, rule, declared, ownership, groups: groups.rows }, group);
    return found === undefined || found === 'several' ? [] : [found.id];
  });
  const membersOf = new Map(
    await pMap(existing, async (id) => [id, await session.membersOf(id)] as const, { concurrency: MAX_CALLS }),
  );
  return { listedAt, members, groups, collections, policies, membersOf, freeSeats: await session.freeSeats(members) };
};

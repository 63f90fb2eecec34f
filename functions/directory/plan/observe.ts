import pMap from 'p-map';
import type { DirectorySession } from '#shared/connections/directory.ts';
import type { Declared } from '#shared/domain/directory/declared.ts';
import { findGroup } from '#shared/domain/directory/plan-groups.ts';
import type { Observed } from '#shared/domain/directory/planning.ts';
import type { Ownership } from '#shared/domain/directory/state.ts';

/** Calls for members of groups at the same time. The limits of the connection apply as well. */
const MAX_CALLS = 4;

export interface ObserveOptions {
  readonly relay: string;
  readonly rule: string;
  readonly declared: Declared;
  readonly ownership: Ownership;
  readonly hasPolicies: boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Reads what the directory shows: the lists, and one call for each declared group that exists. Only reads. */
export const observe = async (
  session: DirectorySession,
  { relay, rule, declared, ownership, hasPolicies, now }: ObserveOptions,
): Promise<Observed> => {
  const listedAt = now();
  const members = await session.members();
  const groups = await session.groups();
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

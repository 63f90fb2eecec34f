import type { GroupPlan } from '#shared/domain/directory/plan-groups.ts';
import type { Observed } from '#shared/domain/directory/planning.ts';

/** Memberships in the declared groups. Pure. */
export interface Memberships {
  /** Names of the declared groups of a member. `also`: ids of further groups that it is in. */
  of(member: string, also?: readonly string[]): ReadonlySet<string>;
  /**
   * Drops the names of groups that cannot be told: several have the name, or a row of the list of groups cannot be
   * read. Their members are left alone, and the plan of the groups says why.
   */
  known(names: readonly string[]): string[];
}

/** Reads the memberships from what the directory shows. Groups that are created have no members. Pure. */
export const readMemberships = (
  { membersOf }: Pick<Observed, 'membersOf'>,
  { existing, created }: Pick<GroupPlan, 'existing' | 'created'>,
): Memberships => {
  const found = new Map<string, Set<string>>();
  for (const [name, group] of existing) {
    for (const id of membersOf.get(group) ?? []) found.set(id, (found.get(id) ?? new Set()).add(name));
  }
  return {
    of: (member, also = []) =>
      new Set([
        ...(found.get(member) ?? []),
        ...(also.length === 0 ? [] : [...existing].flatMap(([name, id]) => (also.includes(id) ? [name] : []))),
      ]),
    known: (names) => names.filter((name) => created.has(name) || membersOf.has(existing.get(name) ?? '')),
  };
};

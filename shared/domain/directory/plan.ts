import type { Collection, Listed } from '#shared/connections/directory.ts';
import type { Declared } from '#shared/domain/directory/declared.ts';
import { withinMarks } from '#shared/domain/directory/marking.ts';
import { isForeign } from '#shared/domain/directory/marks.ts';
import { planGroups } from '#shared/domain/directory/plan-groups.ts';
import { planMembers } from '#shared/domain/directory/plan-members.ts';
import { planPolicies } from '#shared/domain/directory/plan-policies.ts';
import type { Observed, Planning, PlanRules, Remembered } from '#shared/domain/directory/planning.ts';
import { dailyLimit, spend } from '#shared/domain/directory/removals.ts';
import type { Ownership } from '#shared/domain/directory/state.ts';
import { type Drift, inOrder, type Step } from '#shared/domain/directory/steps.ts';

export interface DirectoryPlan {
  readonly steps: readonly Step[];
  readonly drift: readonly Drift[];
  /** Lines for people. */
  readonly findings: readonly string[];
  /** Members and groups that have to leave and may not. */
  readonly refused: number;
  /** Members that may have to leave, and share their address with another one. */
  readonly stuck: number;
  /** Groups that exist, by name. */
  readonly groups: Readonly<Record<string, string>>;
  /** Ownership once the plan is made: what is declared and exists belongs to the relay. */
  readonly ownership: Ownership;
}

/**
 * Plans the changes that lead from what a directory shows to what is declared. Pure. Nothing is removed that the relay
 * does not own, and nothing at all if a list is incomplete, if the source is empty, if one of its rows cannot be read,
 * or if more would leave than may leave in one day.
 */
export const planDirectory = (
  declared: Declared,
  observed: Observed,
  remembered: Remembered,
  rules: PlanRules,
): DirectoryPlan => {
  const planning: Planning = {
    ...{ ...rules, ...remembered, declared, observed },
    marks: ![...observed.members.rows, ...observed.groups.rows].some(({ externalId }) => isForeign(externalId)),
    mayNotRemove: reasonToKeepAll(declared, observed),
    resolve: createResolve(observed.collections),
  };
  const groups = planGroups(planning);
  const members = planMembers(planning, groups);
  const policies = planPolicies(planning);
  const parts = [groups, members, policies];
  const keep = refusal(planning, groups, members);
  const { steps, findings } = withinMarks(parts.flatMap((part) => part.steps));
  const leaving = [...groups.leaving, ...members.leaving];
  return {
    steps: inOrder([...steps, ...(keep === undefined ? leaving : [])]),
    drift: parts.flatMap(({ drift }) => drift),
    findings: [
      ...(keep === undefined ? [] : [keep]),
      ...declared.rejected,
      ...parts.flatMap((part) => part.findings),
      ...findings,
    ],
    refused: keep === undefined ? 0 : leaving.length,
    stuck: members.stuck,
    groups: Object.fromEntries(groups.existing),
    ownership: {
      writes: remembered.ownership.writes + 1,
      members: [...members.owned],
      groups: groups.owned,
      leavingGroups: stillLeaving(planning, groups),
    },
  };
};

/** Reason why nothing may be removed: what is not declared, or not listed, may be so by mistake. Pure. */
export const reasonToKeepAll = (declared: Declared, { members, groups }: Observed): string | undefined => {
  if (declared.members.length === 0) return 'The source declares no members, so nothing is removed.';
  if (declared.rejected.length > 0) return 'Rows of the source cannot be used, so nothing is removed.';
  if (members.rejected.length > 0)
    return 'Rows of the list of members are missing or cannot be read, so nothing is removed.';
  if (groups.rejected.length > 0)
    return 'Rows of the list of groups are missing or cannot be read, so nothing is removed.';
  return undefined;
};

/** Drops the groups that do not exist any more, or that are declared again and have their access. */
const stillLeaving = (
  { ownership, observed }: Planning,
  { existing, steps }: ReturnType<typeof planGroups>,
): Ownership['leavingGroups'] => {
  const declared = new Set(existing.values());
  const listed = new Set(observed.groups.rows.map(({ id }) => id));
  const isChanging = (id: string): boolean => steps.some((step) => step.kind === 'change-group' && step.id === id);
  return ownership.leavingGroups.filter(({ id }) =>
    declared.has(id) ? isChanging(id) : listed.has(id) || observed.groups.rejected.length > 0,
  );
};

interface Leavers {
  readonly leaving: readonly Step[];
  /** Ids of those whose removal begins. */
  readonly beginning: readonly string[];
}

/** Reason why none of the removals may be carried out. */
const refusal = (
  planning: Planning,
  groups: Leavers,
  members: Leavers & { readonly owned: readonly string[] },
): string | undefined => {
  const { mayNotRemove, removals, budget, now } = planning;
  if (groups.leaving.length + members.leaving.length === 0) return undefined;
  if (mayNotRemove !== undefined) return mayNotRemove;
  const ids = [...groups.beginning, ...members.beginning];
  const limit = dailyLimit(removals, members.owned.length);
  if (spend(budget, { ids, by: 'source', limit, now }) !== undefined) return undefined;
  return `${ids.length} members and groups would leave, and at most ${limit} may on one day, so nothing is removed. Correct the source, or raise removals for this day.`;
};

const createResolve = ({ rows, rejected }: Listed<Collection>): Planning['resolve'] => {
  const byId = new Map(rows.map(({ id }) => [id, id]));
  const byExternalId = Map.groupBy(rows, ({ externalId }) => externalId);
  const find = (name: string): string | undefined => {
    const exact = byId.get(name);
    // A row that cannot be read can have the same externalId.
    if (exact !== undefined || rejected.length > 0) return exact;
    const [only, ...others] = byExternalId.get(name) ?? [];
    return others.length === 0 ? only?.id : undefined;
  };
  return (access) => {
    const resolved = access?.map(({ collection, ...rights }) => ({ ...rights, collection: find(collection) }));
    const known = resolved?.flatMap(({ collection, ...rights }) =>
      collection === undefined ? [] : [{ ...rights, collection }],
    );
    return known?.length === resolved?.length ? known : undefined;
  };
};

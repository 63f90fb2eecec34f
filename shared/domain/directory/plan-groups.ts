import type { Group } from '#shared/connections/directory.ts';
import type { DeclaredGroup } from '#shared/domain/directory/declared.ts';
import { isOurs, markOf } from '#shared/domain/directory/marks.ts';
import { DAY_MS, isSameAccess, type Planning } from '#shared/domain/directory/planning.ts';
import type { Drift, Step } from '#shared/domain/directory/steps.ts';

/** Part of a plan about groups. */
export interface GroupPlan {
  readonly steps: readonly Step[];
  /** Steps that remove. */
  readonly leaving: readonly Step[];
  /** Ids of groups whose removal begins. */
  readonly beginning: readonly string[];
  readonly drift: readonly Drift[];
  readonly findings: readonly string[];
  /** Ids of the declared groups that exist, by name. */
  readonly existing: ReadonlyMap<string, string>;
  /** Names of the declared groups that this plan creates. */
  readonly created: ReadonlySet<string>;
  readonly owned: Readonly<Record<string, string>>;
}

/** Plans the groups: creates, changes, and removes after the time of grace what is no longer declared. Pure. */
export const planGroups = (planning: Planning): GroupPlan => {
  const { declared, observed, marks, resolve, ownership } = planning;
  const existing = new Map<string, string>();
  const created = new Set<string>();
  const steps: Step[] = [];
  const drift: Drift[] = [];
  const findings: string[] = [];
  for (const group of declared.groups) {
    const { name, collections } = group;
    const found = findGroup({ ...planning, groups: observed.groups.rows }, group);
    const wanted = resolve(collections);
    if (found === 'several') {
      findings.push(`Several groups have the name ${name}. They are left alone: rename all but one.`);
      continue;
    }
    if (collections !== undefined && wanted === undefined) {
      findings.push(`The access of the group ${name} is left alone: a collection of it is not in the directory.`);
    }
    if (found !== undefined) {
      existing.set(name, found.id);
      const change = differenceOf(planning, group, found);
      drift.push(...change.drift);
      steps.push(...change.steps);
    } else if (observed.groups.rejected.length > 0) {
      findings.push(`The group ${name} is not created: rows of the list of groups are missing or cannot be read.`);
    } else {
      created.add(name);
      drift.push({ field: 'missing', about: name });
      const mark = marks ? { mark: markOf(planning, 'group', name) } : {};
      steps.push({ kind: 'create-group', name, access: [...(wanted ?? [])], ...mark });
    }
  }
  const ids = new Set(existing.values());
  const owned = Object.fromEntries([
    ...observed.groups.rows.flatMap((group) =>
      Object.hasOwn(ownership.groups, group.id) || isOurs(planning, group.externalId)
        ? [[group.id, ownership.groups[group.id] ?? group.name] as const]
        : [],
    ),
    // What cannot be read now stays ours.
    ...(observed.groups.rejected.length > 0 ? Object.entries(ownership.groups) : []),
    ...[...existing].map(([name, id]) => [id, name] as const),
  ]);
  // Without any declared group, the source knows nothing of groups.
  const isSilent = declared.groups.length === 0;
  const left = isSilent ? [] : observed.groups.rows.filter(({ id }) => Object.hasOwn(owned, id) && !ids.has(id));
  const removal = left.map((group) => removalOf(planning, group));
  return {
    ...{ steps, findings, existing, created, owned },
    leaving: removal.flatMap((one) => one.step ?? []),
    beginning: removal.flatMap((one) => (one.begins ? [one.id] : [])),
    drift: [...drift, ...left.map(({ name }): Drift => ({ field: 'extra', about: name }))],
  };
};

/** Facts that show whose a group is. */
export interface GroupsToFind extends Pick<Planning, 'relay' | 'rule' | 'declared' | 'ownership'> {
  readonly groups: readonly Group[];
}

/** Finds a declared group by our mark, by the record, or by its name, which need not be unique. Pure. */
export const findGroup = (among: GroupsToFind, { name }: DeclaredGroup): Group | 'several' | undefined => {
  const mark = markOf(among, 'group', name);
  const ways = [
    (group: Group) => group.externalId === mark,
    (group: Group) => among.ownership.groups[group.id] === name,
    (group: Group) => group.name === name && !isOtherOurs(among, group),
  ];
  for (const isIt of ways) {
    const [only, ...others] = among.groups.filter(isIt);
    if (only !== undefined) return others.length === 0 ? only : 'several';
  }
  return undefined;
};

/** A group that belongs to another declared name. */
const isOtherOurs = ({ ownership, declared }: GroupsToFind, { id, name }: Group): boolean => {
  const own = Object.hasOwn(ownership.groups, id) ? ownership.groups[id] : undefined;
  return own !== undefined && own !== name && declared.groups.some((group) => group.name === own);
};

const differenceOf = (planning: Planning, { name, collections }: DeclaredGroup, found: Group) => {
  const { marks, resolve, observed, ownership } = planning;
  // A group that is declared again has again what it had.
  const before = ownership.leavingGroups.find(({ id }) => id === found.id)?.access;
  const wanted = collections === undefined ? before : resolve(collections);
  const rename = found.name !== name;
  const access =
    wanted !== undefined && found.access !== undefined && !isSameAccess(wanted, found.access) ? [...wanted] : undefined;
  const mark = marks && found.externalId === undefined ? markOf(planning, 'group', name) : undefined;
  const drift: Drift[] = [];
  if (rename) drift.push({ field: 'name', about: name });
  if (access !== undefined) drift.push({ field: 'access', about: name });
  const isChange = rename || access !== undefined || mark !== undefined;
  const step: Step = {
    ...({ kind: 'change-group', id: found.id, name, rename } as const),
    ...(access !== undefined && { access }),
    ...(mark !== undefined && { mark }),
  };
  // A row that cannot be read can have the same name.
  const isSafe = observed.groups.rejected.length === 0 || !rename;
  return { drift, steps: isChange && isSafe ? [step] : [] };
};

const removalOf = (
  { ownership, removals, now }: Planning,
  { id, name }: Group,
): { readonly id: string; readonly begins: boolean; readonly step: Step | undefined } => {
  const leaving = ownership.leavingGroups.find((group) => group.id === id);
  if (leaving?.outAt === undefined) return { id, begins: true, step: { kind: 'empty-group', id, name } };
  const isDue = Date.parse(leaving.outAt) + removals.graceDays * DAY_MS <= now;
  return { id, begins: false, step: isDue ? { kind: 'remove-group', id, name } : undefined };
};

import { type Actor, type Carried, DONE, NOTHING } from '#shared/directory/actor.ts';
import { journaled } from '#shared/directory/journal.ts';
import { DAY_MS } from '#shared/domain/directory/planning.ts';
import { type LeavingGroup, NO_OWNERSHIP, type Ownership } from '#shared/domain/directory/state.ts';
import type { Step } from '#shared/domain/directory/steps.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import { changeRecord } from '#shared/records/shared-record.ts';

/** Changes of groups and policies. Only the run that holds the rule carries these out. Each is repeatable. */

type About<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

const carry = async (actor: Actor, step: Step, work: Parameters<typeof journaled<Carried>>[2]): Promise<Carried> =>
  (await journaled({ ...actor, records: actor.journal }, step, work)) ?? DONE;

const changeOwnership = (
  { records, rule }: Actor,
  decide: (ownership: Ownership) => Omit<Ownership, 'writes'>,
): Promise<void> =>
  changeRecord<Ownership, void>(records, directoryAt.ownership(rule), (current) => {
    const ownership = current ?? NO_OWNERSHIP;
    return { next: { ...decide(ownership), writes: ownership.writes + 1 }, result: undefined };
  });

/** Creates a group, unless an earlier attempt did. */
export const createGroup = (actor: Actor, step: About<'create-group'>): Promise<Carried> =>
  carry(actor, step, async ({ isRepeated, begin }) => {
    const { session } = actor;
    const { name, access, mark } = step;
    const isIt = (group: { name: string; externalId: string | undefined }): boolean =>
      mark === undefined ? group.name === name : group.externalId === mark;
    // The answer can have been lost. Only the list shows it.
    const found = isRepeated ? (await session.groups()).rows.find(isIt) : undefined;
    await begin();
    const id = found?.id ?? (await session.createGroup({ name, access, externalId: mark }));
    await changeOwnership(actor, (ownership) => ({ ...ownership, groups: { ...ownership.groups, [id]: name } }));
    return DONE;
  });

/** Changes the settings of a group that differ. A group that is declared again no longer leaves. */
export const changeGroup = (actor: Actor, step: About<'change-group'>): Promise<Carried> =>
  carry(actor, step, async ({ begin }) => {
    const { id, name, rename, access, mark } = step;
    // As with members, an id that another program has set since the plan stays.
    const isFree = mark !== undefined && (await actor.session.group(id))?.externalId === undefined;
    await begin();
    await actor.session.changeGroup(id, {
      ...(rename && { name }),
      ...(access !== undefined && { access }),
      ...(isFree && { externalId: mark }),
    });
    await changeOwnership(actor, (ownership) => ({
      ...ownership,
      leavingGroups: ownership.leavingGroups.filter((group) => group.id !== id),
    }));
    return DONE;
  });

const withLeaving = (ownership: Ownership, leaving: LeavingGroup): Ownership => ({
  ...ownership,
  leavingGroups: [...ownership.leavingGroups.filter(({ id }) => id !== leaving.id), leaving],
});

const leavingOf = async ({ records, rule }: Actor, id: string): Promise<LeavingGroup | undefined> =>
  (await records.read(directoryAt.ownership(rule)))?.record.leavingGroups.find((group) => group.id === id);

/** Takes the access of a group away, and begins the time of grace. The budget is spent before. */
export const emptyGroup = (actor: Actor, step: About<'empty-group'>): Promise<Carried> =>
  carry(actor, step, async ({ begin }) => {
    const { session, now } = actor;
    const { id, name } = step;
    const group = await session.group(id);
    if (group === undefined) return NOTHING;
    const since = new Date(now()).toISOString();
    const leaving = (await leavingOf(actor, id)) ?? { id, name, since, access: [...(group.access ?? [])] };
    await begin({ access: leaving.access });
    await changeOwnership(actor, (ownership) => withLeaving(ownership, leaving));
    await session.changeGroup(id, { access: [], hasAllAccess: false });
    await changeOwnership(actor, (ownership) =>
      withLeaving(ownership, { ...leaving, outAt: new Date(now()).toISOString() }),
    );
    return DONE;
  });

/** Removes a group whose time of grace is over. */
export const removeGroup = (actor: Actor, step: About<'remove-group'>): Promise<Carried> =>
  carry(actor, step, async ({ begin }) => {
    const { session, graceDays, now } = actor;
    const leaving = await leavingOf(actor, step.id);
    const isDue = leaving?.outAt !== undefined && Date.parse(leaving.outAt) + graceDays * DAY_MS <= now();
    if (leaving === undefined || !isDue) return NOTHING;
    await begin();
    if ((await session.group(step.id)) !== undefined) await session.removeGroup(step.id);
    await changeOwnership(actor, ({ groups: { [step.id]: _, ...groups }, ...ownership }) => ({
      ...ownership,
      groups,
      leavingGroups: ownership.leavingGroups.filter(({ id }) => id !== step.id),
    }));
    return DONE;
  });

/** Writes a policy that has `apply: true`. */
export const savePolicy = (actor: Actor, step: About<'save-policy'>): Promise<Carried> =>
  carry(actor, step, async ({ begin }) => {
    const { type, enabled, data } = step;
    await begin();
    await actor.session.savePolicy({ type, enabled, data });
    return DONE;
  });

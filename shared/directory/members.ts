import type { DirectorySession } from '#shared/connections/directory.ts';
import { type Actor, type Carried, DONE, NOTHING } from '#shared/directory/actor.ts';
import { journaled } from '#shared/directory/journal.ts';
import { type HeldPerson, withPerson } from '#shared/directory/people.ts';
import type { Step } from '#shared/domain/directory/steps.ts';
import { RelayError } from '#shared/errors.ts';

/** Joining and changing. Each is repeatable. */

type About<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

const idsOf = async ({ groupNamed }: Actor, names: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(names.map(groupNamed));
  return found.filter((id) => id !== undefined);
};

const missing = (names: readonly string[], ids: readonly string[]): Carried =>
  ids.length === names.length
    ? DONE
    : { result: 'refused', reason: 'A group of it does not exist yet. The next run adds the member.' };

/** Sends an invitation. The record says before that there can be one, so that a lost answer leaves no stranger. */
const invite = async (person: HeldPerson, invitation: Parameters<DirectorySession['invite']>[0]): Promise<string> => {
  await person.change((current) => ({ ...current, inviting: person.until }));
  try {
    return await person.session.invite(invitation);
  } catch (error) {
    if (error instanceof RelayError && !error.mayHaveHappened) {
      await person.change(({ inviting: _, ...rest }) => rest);
    }
    throw error;
  }
};

/** Invites a person, unless an earlier attempt did. */
export const inviteMember = (actor: Actor, step: About<'invite'>): Promise<Carried> =>
  withPerson({ ...actor, email: step.email }, async (person) => {
    const { session, found: known } = person;
    // The plan can be older than the message.
    if (known.word?.said === 'left') return NOTHING;
    const carried = await journaled({ ...actor, records: actor.journal }, step, async ({ isRepeated, begin }) => {
      const { email, type, access, mark, groups } = step;
      const ids = await idsOf(actor, groups);
      // The answer of an invitation can have been lost, or a message has invited the person. Only the list shows it.
      const mayExist = isRepeated || known.made !== undefined || known.inviting !== undefined;
      const found = mayExist ? (await session.members()).rows.find((member) => member.email === email) : undefined;
      await begin();
      const made = found?.id ?? (await invite(person, { email, type, access, groups: ids, externalId: mark }));
      const at = new Date(actor.now()).toISOString();
      await person.change(({ leaving: _, inviting, ...rest }) => ({ ...rest, made, invited: { at, times: 1 } }));
      // Older servers ignore the groups of an invitation.
      if (ids.length > 0) await session.changeGroupsOf(made, { add: ids, remove: [] });
      return missing(groups, ids);
    });
    return carried ?? DONE;
  });

/** Changes the settings of a member that differ. A member that leaves gets no access. */
export const changeMember = (actor: Actor, step: About<'change-member'>): Promise<Carried> =>
  withPerson({ ...actor, email: step.email }, async (person) => {
    const { leaving, word } = person.found;
    if (leaving !== undefined || word?.said === 'left') return NOTHING;
    const carried = await journaled({ ...actor, records: actor.journal }, step, async ({ begin }) => {
      const { id, type, access, mark } = step;
      // Another program can have set an id of its own since the plan, which is never replaced.
      const isFree = mark !== undefined && (await person.session.member(id))?.externalId === undefined;
      await begin();
      await person.session.changeMember(id, {
        ...(type !== undefined && { type }),
        ...(access !== undefined && { access }),
        ...(isFree && { externalId: mark }),
      });
      return DONE;
    });
    return carried ?? DONE;
  });

/**
 * Adds a member to groups and removes it from others. A member that leaves stays out of them. One that a message has
 * moved since the plan was made goes only where the message says.
 */
export const changeGroups = (actor: Actor, step: About<'change-groups'>): Promise<Carried> =>
  withPerson({ ...actor, email: step.email }, async (person) => {
    const { leaving, word } = person.found;
    if (leaving !== undefined || word?.said === 'left') return NOTHING;
    const to = word?.moved?.to;
    const adding = step.add.filter((name) => to?.includes(name) ?? true);
    const removing = step.remove.filter((name) => !(to?.includes(name) ?? false));
    if (adding.length + removing.length === 0) return NOTHING;
    const carried = await journaled({ ...actor, records: actor.journal }, step, async ({ begin }) => {
      const add = await idsOf(actor, adding);
      const remove = await idsOf(actor, removing);
      await begin();
      await person.session.changeGroupsOf(step.id, { add, remove });
      return missing(adding, add);
    });
    return carried ?? DONE;
  });

/** Sends an invitation again, which the person receives as a mail. */
export const reinviteMember = (actor: Actor, step: About<'reinvite'>): Promise<Carried> =>
  withPerson({ ...actor, email: step.email }, async (person) => {
    const { leaving, word } = person.found;
    if (leaving !== undefined || word?.said === 'left') return NOTHING;
    const carried = await journaled({ ...actor, records: actor.journal }, step, async ({ begin }) => {
      await begin();
      // Counted before the mail: one too few is better than one each hour.
      const at = new Date(actor.now()).toISOString();
      await person.change(({ invited, ...rest }) => ({ ...rest, invited: { at, times: (invited?.times ?? 0) + 1 } }));
      await person.session.reinvite(step.id);
      return DONE;
    });
    return carried ?? DONE;
  });

/** Follows an invitation that the relay did not send. */
export const followInvitation = (actor: Actor, { email }: About<'follow-invitation'>): Promise<Carried> =>
  withPerson({ ...actor, email }, async (person) => {
    const at = new Date(actor.now()).toISOString();
    await person.change((current) => ({ ...current, invited: current.invited ?? { at, times: 1 } }));
    return DONE;
  });

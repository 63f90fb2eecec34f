import type { Member } from '#shared/connections/directory.ts';
import { type Actor, type Carried, DONE, NOTHING } from '#shared/directory/actor.ts';
import { journaled } from '#shared/directory/journal.ts';
import { type HeldPerson, withPerson } from '#shared/directory/people.ts';
import { endUse, isOut, returnUse } from '#shared/directory/use.ts';
import { DAY_MS } from '#shared/domain/directory/planning.ts';
import type { Leaving } from '#shared/domain/directory/state.ts';
import type { Step } from '#shared/domain/directory/steps.ts';
import {
  hasJoined,
  isPrivileged,
  isRevokedElsewhere,
  PRIVILEGED,
  REVOKED_ELSEWHERE,
} from '#shared/domain/directory/words.ts';

/**
 * Leaving and coming back: all use ends first, and the removal follows after the time of grace. The record
 * of the person is written before each call, so that the next run finishes what a dead one began. Each is repeatable.
 */

type About<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

const refused = (reason: string): Carried => ({ result: 'refused', reason });

const hold = (actor: Actor, email: string, work: (person: HeldPerson) => Promise<Carried>): Promise<Carried> =>
  withPerson({ ...actor, email }, work);

const journal = async (
  actor: Actor,
  step: Step,
  work: (begin: (before?: Pick<Leaving, 'groups' | 'access'>) => Promise<void>) => Promise<Carried>,
): Promise<Carried> =>
  (await journaled({ ...actor, records: actor.journal }, step, ({ begin }) => work(begin))) ?? DONE;

/** Reads a member again. Undefined if it is gone, or is another person by now. */
const readMember = async (
  { session }: HeldPerson,
  { id, email }: { id: string; email: string },
): Promise<Member | undefined> => {
  const member = await session.member(id);
  return member?.email === email ? member : undefined;
};

/** Ends all use of a member, and begins the time of grace. The budget is spent before. */
export const revokeMember = (actor: Actor, step: About<'revoke'>): Promise<Carried> =>
  hold(actor, step.email, (person) =>
    journal(actor, step, async (begin) => {
      const { now } = actor;
      const { id, by } = step;
      const { leaving: known, keptUntil } = person.found;
      const isKept = keptUntil !== undefined && now() < Date.parse(keptUntil);
      // The plan can be older than what was taken back, or than a message.
      if (by === 'source' && (isKept || hasJoined(person.found.word, { graceDays: actor.graceDays, now: now() }))) {
        return NOTHING;
      }
      const member = await readMember(person, step);
      // The list has shown it, so it is not known to be out.
      if (member === undefined) return refused(`${step.email} was listed, and no member has the address now.`);
      if (by === 'message' && isPrivileged(member)) return refused(PRIVILEGED);
      const begun: Leaving =
        known?.id === id
          ? continuedFor(member, known)
          : {
              ...{ id, by, since: new Date(now()).toISOString(), groups: [], access: [] },
              // A repeated attempt finds the member revoked by the relay itself, and keeps what the first one found.
              ...(member.status === 'revoked' && { wasRevoked: true as const }),
            };
      const { revokes } = await person.session.abilities();
      const leaving = await endUse({ person, begin, revokes }, member, begun);
      const outAt = new Date(now()).toISOString();
      await person.change((current) => ({ ...current, leaving: { ...leaving, outAt } }));
      return DONE;
    }),
  );

/** A member that was let in by hand in the meantime has to leave again. From then on, only the relay has revoked it. */
const continuedFor = ({ status }: Member, known: Leaving): Leaving => {
  const { outAt, wasRevoked, ...again } = known;
  return status === 'revoked' ? known : again;
};

/**
 * Takes a removal back: the status, the type, the groups and the collections as recorded. A member that another hand
 * had revoked before stays so.
 */
export const restoreMember = (actor: Actor, step: About<'restore'>): Promise<Carried> =>
  hold(actor, step.email, (person) =>
    journal(actor, step, async (begin) => {
      const { graceDays, now } = actor;
      const { leaving, word } = person.found;
      if (leaving?.id !== step.id || (word?.said === 'left' && !step.keep)) return NOTHING;
      const member = await readMember(person, step);
      if (member === undefined) return refused(`${step.email} is already removed. Declare the person again.`);
      await begin();
      await returnUse(person, member, leaving);
      const keptUntil = new Date(now() + graceDays * DAY_MS).toISOString();
      await person.change(({ leaving: _, keptUntil: before, word: said, ...rest }) => ({
        ...rest,
        ...(step.keep ? { keptUntil } : said !== undefined && { word: said }),
      }));
      return isRevokedElsewhere(member, leaving) ? refused(REVOKED_ELSEWHERE) : DONE;
    }),
  );

/** Removes a member whose time of grace is over, and who is still out. */
export const removeMember = (actor: Actor, step: About<'remove'>): Promise<Carried> =>
  hold(actor, step.email, (person) =>
    journal(actor, step, async (begin) => {
      const { graceDays, now } = actor;
      const { leaving } = person.found;
      const isDue = leaving?.outAt !== undefined && Date.parse(leaving.outAt) + graceDays * DAY_MS <= now();
      if (leaving?.id !== step.id || !isDue || person.found.word?.said === 'joined') return NOTHING;
      const member = await readMember(person, step);
      if (member !== undefined && !(await isOut(person.session, member, leaving))) {
        await person.change((current) => ({ ...current, leaving: continuedFor(member, leaving) }));
        return refused(`${step.email} was restored by hand, so it is not removed. The next run revokes it again.`);
      }
      await begin();
      if (member !== undefined) await person.session.removeMember(step.id);
      await person.change(({ leaving: _, ...rest }) => rest);
      return DONE;
    }),
  );

/** Lets a message count more than the source, or no longer. */
export const heedMessage = (actor: Actor, { email, word }: About<'heed'>): Promise<Carried> =>
  hold(actor, email, async (person) => {
    await person.change(({ word: _, keptUntil, ...rest }) => ({
      ...rest,
      // Who left after a removal was taken back is not kept.
      ...(keptUntil !== undefined && word?.said !== 'left' && { keptUntil }),
      ...(word !== undefined && { word }),
    }));
    return DONE;
  });

/** Forgets a removal that is over. The list can be older than an invitation and a removal by messages. */
export const settlePerson = (actor: Actor, { email }: About<'settle'>): Promise<Carried> =>
  hold(actor, email, async (person) => {
    const { leaving } = person.found;
    if (leaving === undefined || (await person.session.member(leaving.id)) !== undefined) return NOTHING;
    await person.change(({ leaving: _, ...rest }) => rest);
    return DONE;
  });

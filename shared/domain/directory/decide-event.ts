import type { Listed, Member } from '#shared/connections/directory.ts';
import { isOurs, markOf } from '#shared/domain/directory/marks.ts';
import { groupKeyOf, isJoin, type MemberEvent } from '#shared/domain/directory/member-events.ts';
import type { Ownership, Person, Word } from '#shared/domain/directory/state.ts';
import type { Step } from '#shared/domain/directory/steps.ts';
import {
  isInvited,
  isPrivileged,
  isRevokedElsewhere,
  PRIVILEGED,
  REVOKED_ELSEWHERE,
} from '#shared/domain/directory/words.ts';

/** Facts that decide about an event. */
export interface EventSubject {
  readonly relay: string;
  readonly rule: string;
  readonly email: string;
  readonly event: MemberEvent;
  readonly members: Listed<Member>;
  /** Time before the list was read, epoch milliseconds. */
  readonly listedAt: number;
  readonly ownership: Ownership;
  readonly person: Person | undefined;
  /** False if another connector has marked a member or group. */
  readonly marks: boolean;
  /** Seats that no one has taken yet, also in this run; undefined if the directory does not show them. */
  readonly freeSeats: number | undefined;
  /** Ids of the groups of the rule that exist, by name. */
  readonly groups: ReadonlyMap<string, string>;
  /** Names of groups that the rule declares in relay.yaml. They can be made later. */
  readonly declaredGroups: readonly string[];
  /** Ids of the groups of the member; undefined if it is not needed. */
  readonly groupsOf: readonly string[] | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * `steps`: to be carried out in this order; `removes`: id of a member whose removal begins; `takesSeat`: one more seat
 * is used. `refused`: never carried out, but for a record. `owed`: not now.
 */
export type EventDecision =
  | { readonly kind: 'steps'; readonly steps: readonly Step[]; readonly removes?: string; readonly takesSeat?: boolean }
  | { readonly kind: 'refused'; readonly reason: string; readonly steps: readonly Step[] }
  | { readonly kind: 'owed'; readonly reason: string };

const refused = (reason: string, ...steps: readonly Step[]): EventDecision => ({ kind: 'refused', reason, steps });
const owed = (reason: string): EventDecision => ({ kind: 'owed', reason });
const NO_SEAT = owed('No seat is free. Add seats.');

/** Decides what one event changes. Pure. An event that is carried out already changes nothing. */
export const decideEvent = (told: EventSubject): EventDecision => {
  const names = namesOf(told);
  const subject = { ...told, event: { ...told.event, groups: names.filter((name) => name !== undefined) } };
  const { email, event, members } = subject;
  const [member, ...others] = members.rows.filter((row) => row.email === email);
  if (others.length > 0) return refused('Several members have the address. Remove all but one by hand.');
  const unready = checkGroups(subject, names);
  if (unready !== undefined) return unready;
  // A list that lacks rows does not show who is absent.
  if (member === undefined && members.rejected.length > 0) return owed('Rows of the list of members cannot be read.');
  // The list can be older than an invitation whose answer was lost.
  if (member === undefined && isBeingInvited(subject)) return owed('An invitation of the person is being sent.');
  if (member === undefined) return isJoin(event) ? invite(subject) : unknown(subject);
  // An older server shows a user while it is out.
  if (isPrivileged({ type: leavingOf(subject, member)?.taken ?? member.type })) {
    return event.said === 'joined' && event.groups.length === 0 ? { kind: 'steps', steps: [] } : refused(PRIVILEGED);
  }
  const { relay, rule, ownership, person } = subject;
  const isOwned =
    ownership.members.includes(member.id) || isOurs({ relay, rule }, member.externalId) || isInvited(person, member.id);
  if (!isOwned) {
    return event.said === 'joined' && event.groups.length === 0
      ? { kind: 'steps', steps: [] }
      : refused('The relay neither invited nor adopted the member. Declare it, and let the rule run.');
  }
  switch (event.said) {
    case 'left':
      return leave(subject, member);
    case 'joined':
      return join(subject, member);
    case 'moved':
      return isIn(subject, member) ? move(subject, member) : comeBack(subject, member);
  }
};

const isBeingInvited = ({ person, event, listedAt }: EventSubject): boolean =>
  !isJoin(event) && person?.inviting !== undefined && listedAt < person.inviting;

/** Names of the groups of an event; undefined for one that the rule does not manage. */
const namesOf = ({ event, groups, declaredGroups }: EventSubject): (string | undefined)[] => {
  if (event.groups.length === 0) return [];
  const known = new Map([...groups.keys(), ...declaredGroups].map((name) => [groupKeyOf(name), name]));
  return event.groups.map((key) => known.get(key));
};

const checkGroups = (
  { event, groups }: EventSubject,
  names: readonly (string | undefined)[],
): EventDecision | undefined => {
  const strange = names.flatMap((name, index) => (name === undefined ? [index + 1] : []));
  if (strange.length > 0) {
    return refused(`The rule does not manage group ${strange.join(', ')} of the message. Declare it, or correct it.`);
  }
  const missing = event.groups.filter((name) => !groups.has(name)).map((name) => JSON.stringify(name));
  return missing.length === 0 ? undefined : owed(`The next run of the rule creates ${missing.join(', ')}.`);
};

const heed = ({ email, now }: EventSubject, said: Word['said'], moved?: Word['moved']): Step => ({
  ...({ kind: 'heed', email } as const),
  word: { said, at: new Date(now).toISOString(), ...(moved !== undefined && { moved }) },
});

/** The word about a leaver stays, so that a run does not invite the person after all. */
const unknown = (subject: EventSubject): EventDecision =>
  refused(
    'No member has the address. Correct it, or invite the person.',
    ...(subject.event.said === 'left' ? [heed(subject, 'left')] : []),
  );

const invite = (subject: EventSubject): EventDecision => {
  const { relay, rule, email, event, freeSeats, marks } = subject;
  if (freeSeats !== undefined && freeSeats < 1) return NO_SEAT;
  const mark = marks ? { mark: markOf({ relay, rule }, 'member', email) } : {};
  const invitation: Step = { kind: 'invite', email, type: 'user', groups: [...event.groups], access: [], ...mark };
  return { kind: 'steps', steps: [heed(subject, 'joined'), invitation], takesSeat: true };
};

/** The removal of the member that has begun. */
const leavingOf = ({ person }: EventSubject, { id }: Member): Person['leaving'] =>
  person?.leaving?.id === id ? person.leaving : undefined;

const leave = (subject: EventSubject, member: Member): EventDecision => {
  const { id, email } = member;
  const isOut = leavingOf(subject, member)?.outAt !== undefined && member.status === 'revoked';
  if (isOut) return { kind: 'steps', steps: [heed(subject, 'left')] };
  return { kind: 'steps', steps: [heed(subject, 'left'), { kind: 'revoke', id, email, by: 'message' }], removes: id };
};

const join = (subject: EventSubject, member: Member): EventDecision => {
  const { event, freeSeats, groups, groupsOf = [] } = subject;
  const { id, email, status } = member;
  const leaving = leavingOf(subject, member);
  const back: Step[] = leaving === undefined ? [] : [{ kind: 'restore', id, email, keep: false }];
  // It stays once it is restored there.
  if (isRevokedElsewhere(member, leaving)) return refused(REVOKED_ELSEWHERE, heed(subject, 'joined'), ...back);
  const takesSeat = status === 'revoked';
  if (takesSeat && freeSeats !== undefined && freeSeats < 1) return NO_SEAT;
  const has = new Set([...groupsOf, ...(leaving?.groups ?? [])]);
  const add = event.groups.filter((name) => !has.has(groups.get(name) ?? ''));
  // A joiner is added to groups. A move names all of them.
  const remove = event.said === 'moved' ? namesIn(subject, has).filter((name) => !event.groups.includes(name)) : [];
  const steps = [heed(subject, 'joined'), ...back, ...changeOf(member, { add, remove })];
  return { kind: 'steps', steps, takesSeat };
};

/** Names of the groups of the rule among ids. */
const namesIn = ({ groups }: EventSubject, ids: ReadonlySet<string>): string[] =>
  [...groups].flatMap(([name, id]) => (ids.has(id) ? [name] : []));

const changeOf = (
  { id, email }: Member,
  { add, remove }: { readonly add: string[]; readonly remove: string[] },
): Step[] => (add.length + remove.length === 0 ? [] : [{ kind: 'change-groups', id, email, add, remove }]);

/** False for a member that has left, or is revoked. */
const isIn = (subject: EventSubject, member: Member): boolean =>
  member.status !== 'revoked' && leavingOf(subject, member) === undefined && subject.person?.word?.said !== 'left';

const comeBack = (subject: EventSubject, member: Member): EventDecision =>
  isJoin(subject.event)
    ? join(subject, member)
    : refused('The member has left or is revoked. Send member.joined, or restore it.');

const move = (subject: EventSubject, member: Member): EventDecision => {
  const { event, groupsOf = [], person } = subject;
  const now = namesIn(subject, new Set(groupsOf));
  const add = event.groups.filter((name) => !now.includes(name));
  const remove = now.filter((name) => !event.groups.includes(name));
  // A move that is continued keeps the groups of before its beginning.
  const known = person?.word?.moved;
  const isContinued = known !== undefined && known.to.join('\n') === event.groups.join('\n');
  const moved = { id: member.id, to: [...event.groups], from: isContinued ? known.from : now };
  // Who joined still stays, although the source may not know it yet.
  const said = isJoin(event) || person?.word?.said === 'joined' ? 'joined' : 'moved';
  return { kind: 'steps', steps: [heed(subject, said, moved), ...changeOf(member, { add, remove })] };
};

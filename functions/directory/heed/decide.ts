import type { DirectoryConfig } from '#shared/config/schema.ts';
import type { DirectorySession, Listed, Member } from '#shared/connections/directory.ts';
import { decideEvent, type EventDecision } from '#shared/domain/directory/decide-event.ts';
import { isForeign } from '#shared/domain/directory/marks.ts';
import { isJoin, type MemberEventRecord } from '#shared/domain/directory/member-events.ts';
import type { Ownership, Person } from '#shared/domain/directory/state.ts';

export interface DecideOptions {
  readonly relay: string;
  readonly rule: string;
  readonly settings: Pick<DirectoryConfig, 'groups'>;
  readonly ownership: Ownership;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Decides about an event. */
export type Decide = (record: MemberEventRecord, person: Person | undefined) => Promise<EventDecision>;

/** Calls once. */
const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
};

/**
 * Creates the decisions about the events of one invocation. They share the list of members, and the free seats, which
 * are counted down: an invitation that fails keeps its seat until the next invocation. At most two calls for one event.
 * Only reads.
 */
export const createDecide = (
  session: DirectorySession,
  { relay, rule, settings, ownership, now }: DecideOptions,
): Decide => {
  const members = once(async () => ({ listedAt: now(), listed: await session.members() }));
  const seats = once(async () => session.freeSeats((await members()).listed));
  const marks = once(async () =>
    [...(await members()).listed.rows, ...(await session.groups()).rows].every(
      ({ externalId }) => !isForeign(externalId),
    ),
  );
  const groups = groupsIn(ownership);
  let taken = 0;
  return async ({ email, event }, person) => {
    const { listedAt, listed: before } = await members();
    const listed = await withInvited(session, before, { email, person });
    const member = listed.rows.find((row) => row.email === email);
    const needsGroups = member !== undefined && (event.said === 'moved' || (isJoin(event) && event.groups.length > 0));
    const subject = {
      ...{ relay, rule, email, event, members: listed, listedAt, ownership, person, groups, now: now() },
      declaredGroups: settings.groups.map(({ name }) => name),
      marks: isJoin(event) && member === undefined ? await marks() : false,
      groupsOf: needsGroups ? await session.groupsOf(member.id) : undefined,
    };
    const free = isJoin(event) ? await seats() : undefined;
    // Without a pause from here on: several people are worked on at the same time.
    const decision = decideEvent({ ...subject, freeSeats: free === undefined ? undefined : free - taken });
    if (decision.kind === 'steps' && decision.takesSeat === true) taken++;
    return decision;
  };
};

/** Ids of the groups of the rule, by name, without those that are being removed. */
export const groupsIn = ({ groups, leavingGroups }: Ownership): ReadonlyMap<string, string> => {
  const leaving = new Set(leavingGroups.map(({ id }) => id));
  return new Map(Object.entries(groups).flatMap(([id, name]) => (leaving.has(id) ? [] : [[name, id]])));
};

/** A run can have invited the person since the list was read. */
const withInvited = async (
  session: DirectorySession,
  listed: Listed<Member>,
  { email, person }: { readonly email: string; readonly person: Person | undefined },
): Promise<Listed<Member>> => {
  if (person?.made === undefined || listed.rows.some((row) => row.email === email)) return listed;
  const invited = await session.member(person.made);
  return invited?.email === email ? { ...listed, rows: [...listed.rows, invited] } : listed;
};

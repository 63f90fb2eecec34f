import pMap from 'p-map';
import { isIdle } from '#shared/directory/people.ts';
import type { Declared } from '#shared/domain/directory/declared.ts';
import type { Observed } from '#shared/domain/directory/planning.ts';
import type { Ownership, Person, Word } from '#shared/domain/directory/state.ts';
import { isSettled } from '#shared/domain/directory/words.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import { changeOrRemove, REMOVED, type RemovableRecords } from '#shared/records/shared-record.ts';

/** Records that are read at the same time. */
const MAX_READS = 16;

/** Reads the people about whom something is going on, by e-mail address. */
export const readPeople = async (records: RemovableRecords, rule: string): Promise<ReadonlyMap<string, Person>> => {
  const keys = await records.list(directoryAt.people(rule));
  const found = await pMap(keys, ({ key }) => records.read(directoryAt.personKey(key)), { concurrency: MAX_READS });
  // A record can go while the others are read.
  return new Map(found.flatMap((one) => (one === undefined ? [] : [[one.record.email, one.record]])));
};

interface Known {
  readonly ownership: Ownership;
  readonly declared: Declared;
  /** False if a person can be undeclared by mistake. */
  readonly isWhole: boolean;
  /** True if invitations are sent again. */
  readonly reinvites: boolean;
  readonly graceDays: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Forgets what is over: an invitation that was answered or is never sent again, an end that was taken back, a message
 * with which the source agrees, and what is in the ownership by now.
 */
export const forgetPeople = async (
  records: RemovableRecords,
  rule: string,
  people: ReadonlyMap<string, Person>,
  { members, listedAt }: Observed,
  { ownership, now, graceDays, declared, isWhole, reinvites }: Known,
): Promise<void> => {
  const targets = new Map(declared.members.map((member) => [member.email, member]));
  const isOver = (word: Word, email: string): boolean =>
    isSettled(word, { target: targets.get(email), isWhole }, { now, graceDays });
  const statuses = new Map(members.rows.map(({ email, status }) => [email, status]));
  const owned = new Set(ownership.members);
  const rest = ({ inviting, made, invited, keptUntil, word, ...person }: Person): Person => ({
    ...person,
    // A whole list that is newer than the invitation shows its member, who is in the ownership by now.
    ...(inviting !== undefined && (listedAt < inviting || members.rejected.length > 0) && { inviting }),
    ...(made !== undefined && !owned.has(made) && { made }),
    // An invitation that the list does not show yet is kept.
    ...(invited !== undefined &&
      reinvites &&
      ['invited', undefined].includes(statuses.get(person.email)) && { invited }),
    ...(word !== undefined && !isOver(word, person.email) && { word }),
    ...(keptUntil !== undefined && now < Date.parse(keptUntil) && { keptUntil }),
  });
  const size = (person: Person): number => Object.keys(person).length;
  const changed = [...people.values()].filter((person) => size(rest(person)) < size(person));
  await pMap(
    changed,
    ({ email }) =>
      changeOrRemove<Person, void>(records, directoryAt.person(rule, email), (current) => {
        if (current === undefined) return { result: undefined };
        const next = rest(current);
        return { next: isIdle(next) ? REMOVED : { ...next, writes: current.writes + 1 }, result: undefined };
      }),
    { concurrency: MAX_READS },
  );
};

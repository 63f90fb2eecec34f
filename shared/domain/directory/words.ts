import type { Member } from '#shared/connections/directory.ts';
import type { DeclaredMember } from '#shared/domain/directory/declared.ts';
import { DAY_MS } from '#shared/domain/directory/planning.ts';
import type { Leaving, Person, Word } from '#shared/domain/directory/state.ts';

/**
 * Precedence of messages over the source. A source often learns later than a message what happened, and its time shows
 * only when it was written, not how old its data is. So a leaver stays out until the source has once left the person
 * out. A person who joined or moved stays so until the source says the same, or until the time of grace is over.
 */

interface Clock {
  readonly graceDays: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Owners and administrators change by declared state alone. */
export const isPrivileged = ({ type }: { readonly type?: Member['type'] | undefined }): boolean =>
  type === 'owner' || type === 'admin';
export const PRIVILEGED = 'It is an owner or administrator, whom only the declared state changes. Change the source.';

/** True if a member has no access but that of its groups. Access that is not known counts as none. Pure. */
export const hasNoAccess = ({ type, access = [], hasAllAccess }: Member): boolean =>
  type === 'user' && access.length === 0 && !hasAllAccess;

/** True for a member that the relay has invited, or was inviting when its process died. Pure. */
export const isInvited = (person: Person | undefined, id: string): boolean =>
  person?.made === id || (person?.made === undefined && person?.inviting !== undefined);
/** True for a revoked member that the relay did not revoke, as far as the record shows. Pure. */
export const isRevokedElsewhere = ({ status }: Pick<Member, 'status'>, leaving: Leaving | undefined): boolean =>
  status === 'revoked' && (leaving === undefined || leaving.wasRevoked === true);
export const REVOKED_ELSEWHERE = 'The member was revoked outside the relay. Restore it in the administration.';

const isYoung = ({ at }: Word, { graceDays, now }: Clock): boolean => now < Date.parse(at) + graceDays * DAY_MS;

/** True while a person stays because a message said that it joined. Pure. */
export const hasJoined = (word: Word | undefined, clock: Clock): word is Word =>
  word?.said === 'joined' && isYoung(word, clock);

/** Returns the groups of a declared member: those of a message, until the source agrees. Pure. */
export const withMove = (target: DeclaredMember, word: Word | undefined, clock: Clock): DeclaredMember =>
  word?.moved !== undefined && isYoung(word, clock) ? { ...target, groups: word.moved.to } : target;

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  new Set([...one, ...other]).size === new Set(one).size && new Set(one).size === new Set(other).size;

/**
 * True if the source says the same as the message by now, or if the message does not count any more. `isWhole`: what is
 * not declared is known to be not declared. Pure.
 */
export const isSettled = (
  word: Word,
  { target, isWhole }: { readonly target: DeclaredMember | undefined; readonly isWhole: boolean },
  clock: Clock,
): boolean => {
  if (word.said === 'left') return isWhole && target === undefined;
  if (!isYoung(word, clock)) return true;
  return target !== undefined && (word.moved === undefined || isSameSet(target.groups, word.moved.to));
};

import type { CollectionAccess, Member } from '#shared/connections/directory.ts';
import type { DeclaredMember } from '#shared/domain/directory/declared.ts';
import { isOurs, markOf } from '#shared/domain/directory/marks.ts';
import { type Memberships, readMemberships } from '#shared/domain/directory/memberships.ts';
import type { GroupPlan } from '#shared/domain/directory/plan-groups.ts';
import { DAY_MS, isSameAccess, type Planning } from '#shared/domain/directory/planning.ts';
import type { Person } from '#shared/domain/directory/state.ts';
import type { Drift, Step } from '#shared/domain/directory/steps.ts';
import {
  hasJoined,
  hasNoAccess,
  isInvited,
  isPrivileged,
  isRevokedElsewhere,
  REVOKED_ELSEWHERE,
  withMove,
} from '#shared/domain/directory/words.ts';

/** Part of a plan about members. */
export interface MemberPlan {
  readonly steps: readonly Step[];
  /** Steps that remove. */
  readonly leaving: readonly Step[];
  /** Ids of members whose removal begins. */
  readonly beginning: readonly string[];
  readonly drift: readonly Drift[];
  readonly findings: readonly string[];
  readonly owned: readonly string[];
  /** Number of members that may have to leave, and share their address with another one. */
  readonly stuck: number;
}

/** Needs of one person. */
interface Needs {
  readonly steps?: readonly Step[];
  /** Steps that remove, and the id if the removal begins. */
  readonly leaving?: readonly Step[];
  readonly begins?: string;
  readonly drift?: readonly Drift[];
  readonly finding?: string;
  readonly stuck?: number;
  /** 1 if a seat is needed, which may not be there. */
  readonly seats?: number;
}

/** Plans the members. Pure. */
export const planMembers = (planning: Planning, groups: Pick<GroupPlan, 'existing' | 'created'>): MemberPlan => {
  const { declared, observed, ownership, people } = planning;
  const listed = Map.groupBy(observed.members.rows, ({ email }) => email);
  const wanted = new Map(declared.members.map((member) => [member.email, member]));
  const owned = ownedIn(planning, wanted);
  const memberships = readMemberships(observed, groups);
  const emails = new Set([...wanted.keys(), ...listed.keys(), ...people.keys()]);
  const needs = [...emails].toSorted().map((email): Needs => {
    const [member, ...others] = listed.get(email) ?? [];
    const declaredOne = wanted.get(email);
    const known = people.get(email);
    // A message can be older than the promotion. The step clears its word.
    const isDeclaredAlone =
      known?.word?.said === 'left' && [member, declaredOne].some((one) => one !== undefined && isPrivileged(one));
    if (isDeclaredAlone && declaredOne !== undefined) return { steps: [{ kind: 'heed', email }] };
    const person = isDeclaredAlone ? { ...known, word: undefined } : known;
    const target = declaredOne && withMove(declaredOne, person?.word, clockOf(planning));
    const hasLeft = person?.word?.said === 'left';
    if (others.length > 0) {
      const ours = [member, ...others].filter((one) => one !== undefined && owned.has(one.id)).length;
      return {
        finding: `Several members have the address ${email}. They are left alone: remove all but one by hand.`,
        stuck: target !== undefined && !hasLeft ? ours - 1 : ours,
      };
    }
    if (member === undefined) return absent(planning, { email, target, person, memberships });
    if (target !== undefined && !hasLeft) {
      return present(planning, { target, member, person, memberships });
    }
    const isOwned = owned.has(member.id);
    const hasGroups = memberships.of(member.id).size > 0;
    return leave(planning, { member, person, isOwned, hasGroups, isDeclared: target !== undefined });
  });
  const seated = withinSeats(needs, observed.freeSeats);
  const guarded = keepLastOwner(seated.needs, observed.members.rows);
  return {
    steps: guarded.needs.flatMap(({ steps = [] }) => steps),
    leaving: guarded.needs.flatMap(({ leaving = [] }) => leaving),
    beginning: guarded.needs.flatMap(({ begins }) => begins ?? []),
    drift: needs.flatMap(({ drift = [] }) => drift),
    findings: [...seated.findings, ...guarded.findings, ...needs.flatMap(({ finding }) => finding ?? [])],
    stuck: needs.reduce((total, { stuck = 0 }) => total + stuck, 0),
    // What cannot be read now stays ours.
    owned: [...(observed.members.rejected.length > 0 ? new Set([...ownership.members, ...owned]) : owned)].toSorted(),
  };
};

const clockOf = ({ removals, now }: Planning) => ({ graceDays: removals.graceDays, now });

/** Ids of the listed members that the relay has made, or adopts because they are declared. */
const ownedIn = (planning: Planning, wanted: ReadonlyMap<string, DeclaredMember>): ReadonlySet<string> => {
  const { observed, ownership, people } = planning;
  const before = new Set(ownership.members);
  return new Set(
    observed.members.rows.flatMap(({ id, email, externalId }) =>
      before.has(id) || wanted.has(email) || isOurs(planning, externalId) || isInvited(people.get(email), id)
        ? [id]
        : [],
    ),
  );
};

interface Absent {
  readonly email: string;
  readonly target: DeclaredMember | undefined;
  readonly person: Person | undefined;
  readonly memberships: Memberships;
}

const absent = (
  { observed, marks, resolve, relay, rule }: Planning,
  { email, target, person, memberships }: Absent,
): Needs => {
  // A list that lacks rows does not show who is absent.
  if (observed.members.rejected.length > 0) {
    return target === undefined
      ? {}
      : { finding: `${email} is not invited: rows of the list of members are missing or cannot be read.` };
  }
  if (target === undefined) {
    return person?.leaving === undefined ? {} : { steps: [{ kind: 'settle', email }] };
  }
  if (person?.word?.said === 'left') {
    return { finding: `${email} left by a message and is still declared. Remove it from the source.` };
  }
  const access = resolve(target.collections);
  const isUnknown = target.collections !== undefined && access === undefined;
  const mark = marks ? { mark: markOf({ relay, rule }, 'member', email) } : {};
  const { type = 'user' } = target;
  const groups = memberships.known(target.groups);
  return {
    steps: [{ kind: 'invite', email, type, groups, access: [...(access ?? [])], ...mark }],
    drift: [{ field: 'missing', about: email }],
    seats: 1,
    ...(isUnknown && { finding: `${email} is invited without collections: one of them is not in the directory.` }),
  };
};

interface Present {
  readonly target: DeclaredMember;
  readonly member: Member;
  readonly person: Person | undefined;
  readonly memberships: Memberships;
}

const present = (planning: Planning, subject: Present): Needs => {
  const { member, person } = subject;
  const { id, email } = member;
  const leaving = person?.leaving?.id === id ? person.leaving : undefined;
  const back = leaving === undefined ? [] : [{ kind: 'restore', id, email, keep: false } as const];
  if (isRevokedElsewhere(member, leaving)) {
    return {
      // Ends the removal, and restores nothing.
      steps: back,
      drift: [{ field: 'status', about: email }],
      finding: `${email}: ${REVOKED_ELSEWHERE}`,
    };
  }
  const { steps, drift, finding } = differencesOf(planning, subject, leaving);
  return {
    steps: [...back, ...steps, ...invitationOf(planning, member, person)],
    drift: [...(leaving === undefined ? [] : [{ field: 'status', about: email } as const]), ...drift],
    seats: member.status === 'revoked' ? 1 : 0,
    ...(finding !== undefined && { finding }),
  };
};

/** Compares field by field. A member that is restored has again what it had. */
const differencesOf = (
  { resolve, marks, relay, rule }: Planning,
  { target, member, memberships }: Present,
  leaving: Person['leaving'],
) => {
  const { id, email } = member;
  const drift: Drift[] = [];
  const steps: Step[] = [];
  const wanted = resolve(target.collections);
  // What was taken away comes back with the restoration.
  const { taken: shownType = member.type } = leaving ?? {};
  const shown = leaving?.taken === undefined ? member.access : leaving.access;
  const access = wanted !== undefined && shown !== undefined && !isSameAccess(wanted, shown) ? [...wanted] : undefined;
  const type = target.type !== undefined && target.type !== shownType ? target.type : undefined;
  const mark = marks && member.externalId === undefined ? markOf({ relay, rule }, 'member', email) : undefined;
  if (type !== undefined) drift.push({ field: 'type', about: email });
  if (access !== undefined) drift.push({ field: 'access', about: email });
  if (type !== undefined || access !== undefined || mark !== undefined) {
    steps.push({
      ...({ kind: 'change-member', id, email } as const),
      ...(type !== undefined && { type }),
      ...(access !== undefined && { access }),
      ...(mark !== undefined && { mark }),
    });
  }
  const has = memberships.of(id, leaving?.groups);
  const add = memberships.known(target.groups).filter((name) => !has.has(name));
  const remove = [...has].filter((name) => !target.groups.includes(name));
  if (add.length + remove.length > 0) {
    drift.push({ field: 'groups', about: email });
    steps.push({ kind: 'change-groups', id, email, add, remove });
  }
  return { steps, drift, finding: findingOf(target, member, wanted) };
};

const findingOf = (
  { collections }: DeclaredMember,
  { email, hasAllAccess, access }: Member,
  wanted: readonly CollectionAccess[] | undefined,
): string | undefined => {
  if (hasAllAccess) return `${email} has access to all collections, which only a person can take away.`;
  if (collections === undefined) return undefined;
  if (wanted === undefined) return `The access of ${email} is left alone: a collection is not in the directory.`;
  return access === undefined ? `The access of ${email} is not compared: the directory does not show it.` : undefined;
};

const invitationOf = (
  { reinvite, now }: Planning,
  { id, email, status }: Member,
  person: Person | undefined,
): Step[] => {
  if (reinvite === undefined || status !== 'invited') return [];
  const { invited } = person ?? {};
  if (invited === undefined) return [{ kind: 'follow-invitation', email }];
  const isDue = invited.times <= reinvite.maxTimes && Date.parse(invited.at) + reinvite.afterDays * DAY_MS <= now;
  return isDue ? [{ kind: 'reinvite', id, email }] : [];
};

interface Leaver {
  readonly member: Member;
  readonly person: Person | undefined;
  readonly isOwned: boolean;
  /** True if it is in a declared group. */
  readonly hasGroups: boolean;
  readonly isDeclared: boolean;
}

const leave = ({ now, removals }: Planning, { member, person, isOwned, hasGroups, isDeclared }: Leaver): Needs => {
  const { id, email } = member;
  // Members that the relay neither made nor adopted are not its own to remove.
  if (!isOwned) return { drift: [{ field: 'extra', about: email }] };
  const leaving = person?.leaving?.id === id ? person.leaving : undefined;
  if (person?.keptUntil !== undefined && now < Date.parse(person.keptUntil)) {
    return {
      finding: `${email} is not declared and stays until ${person.keptUntil}, because its removal was taken back.`,
    };
  }
  if (hasJoined(person?.word, { graceDays: removals.graceDays, now })) {
    return {
      finding: `${email} joined by a message and is not declared yet. Declare the person within the time of grace.`,
    };
  }
  const by = leaving?.by ?? 'source';
  // A person, or a call that was on its way, can have returned access. The removal looks at all of it.
  const hasNothing = leaving?.taken !== undefined && !hasGroups && hasNoAccess(member);
  const isOut = member.status === 'revoked' || hasNothing;
  if (!isOut || leaving?.outAt === undefined) {
    const step: Step = { kind: 'revoke', id, email, by };
    const news: Needs = {
      drift: [{ field: 'extra', about: email }],
      ...(leaving?.outAt !== undefined && { finding: letInAgain(email, by) }),
    };
    // What a message has begun is owed, whatever the source says.
    return by === 'message' ? { ...news, steps: [step] } : { ...news, leaving: [step], begins: id };
  }
  if (isDeclared) return { finding: `${email} left by a message and is still declared. Remove it from the source.` };
  const isDue = Date.parse(leaving.outAt) + removals.graceDays * DAY_MS <= now;
  return isDue ? { leaving: [{ kind: 'remove', id, email }] } : {};
};

/** Only a declaration, a message or the undo lets a member stay. */
const letInAgain = (email: string, by: 'source' | 'message'): string =>
  `${email} has to leave, and was let in again by hand. It is revoked again: ${by === 'message' ? 'send member.joined' : 'declare it'}, or take the removal back.`;

/** Drops what needs more seats than are free. */
const withinSeats = (needs: readonly Needs[], free: number | undefined) => {
  let left = Math.max(0, free ?? Number.POSITIVE_INFINITY);
  const waiting: Needs[] = [];
  const seated = needs.map((need): Needs => {
    const { seats = 0 } = need;
    if (seats <= left) {
      left -= seats;
      return need;
    }
    waiting.push(need);
    return {};
  });
  const findings =
    waiting.length === 0
      ? []
      : [`${waiting.length} people wait for a seat. Add seats; the next run invites or restores them.`];
  return { needs: seated, findings };
};

/** Drops what would take away the last confirmed owner. Owners of before count, because a new one may not come. */
const keepLastOwner = (needs: readonly Needs[], members: readonly Member[]) => {
  const owners = new Set(
    members.flatMap(({ id, type, status }) => (type === 'owner' && status === 'confirmed' ? [id] : [])),
  );
  const isLoss = (step: Step): boolean =>
    ('id' in step && owners.has(step.id) && ['revoke', 'remove'].includes(step.kind)) ||
    (step.kind === 'change-member' && owners.has(step.id) && step.type !== undefined && step.type !== 'owner');
  const isLosing = ({ steps = [], leaving = [] }: Needs): boolean => [...steps, ...leaving].some(isLoss);
  const losing = needs.filter(isLosing);
  if (losing.length === 0 || losing.length < owners.size) return { needs, findings: [] };
  return {
    needs: needs.map((need) => (isLosing(need) ? {} : need)),
    findings: ['The last confirmed owner stays. Declare another owner, and wait until a person has confirmed it.'],
  };
};

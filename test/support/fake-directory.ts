import type {
  Collection,
  CollectionAccess,
  Directory,
  DirectorySession,
  Group,
  Member,
  MemberStatus,
  Policy,
} from '#shared/connections/directory.ts';
import { RelayError } from '#shared/errors.ts';

/** A member or group whose access is always known. */
type Whole<T> = Omit<T, 'access'> & { readonly access: readonly CollectionAccess[] };

interface FakePeople {
  readonly members: Map<string, Whole<Member>>;
  readonly groups: Map<string, Whole<Group>>;
  /** Ids of the groups of each member. */
  readonly memberships: Map<string, Set<string>>;
  readonly collections: Collection[];
  readonly policies: Policy[];
  /** Status of a member before it was revoked. */
  readonly before: Map<string, MemberStatus>;
}

export interface FakeDirectoryOptions {
  /** False: an older server, which cannot revoke. */
  readonly revokes?: boolean;
  /** True: an older server that does not tell so, and answers that there is no such call. */
  readonly lacksRevoke?: boolean;
  /** True: the list of members does not show their access. */
  readonly hidesAccess?: boolean;
  readonly freeSeats?: number;
  /** Called around each call, with its name. `when`: before or after its effect. */
  readonly onCall?: (call: string, when: 'before' | 'after') => void | Promise<void>;
  /** Epoch milliseconds. Default: no call is too late. */
  readonly now?: () => number;
  /** Rows of the list of members that cannot be read: ids of members. */
  readonly rejected?: Set<string>;
  /** Ids of members and groups that exist and that no list shows. */
  readonly unlisted?: Set<string>;
}

export const aMember = (id: string, member: Partial<Whole<Member>> = {}): Whole<Member> => ({
  ...{ id, email: `${id}@example.com`, type: 'user', status: 'confirmed', externalId: undefined },
  ...{ access: [], hasAllAccess: false },
  ...member,
});

export const aGroup = (id: string, group: Partial<Whole<Group>> = {}): Whole<Group> => ({
  ...{ id, name: id, externalId: undefined, access: [], hasAllAccess: false },
  ...group,
});

/** A directory in memory, whose calls are recorded. Its rules are those of the vendor's documentation. */
export const fakeDirectory = (
  {
    members = [],
    groups = [],
    memberships = {},
    collections = [],
    policies = [],
  }: {
    readonly members?: readonly Whole<Member>[];
    readonly groups?: readonly Whole<Group>[];
    readonly memberships?: Readonly<Record<string, readonly string[]>>;
    readonly collections?: readonly string[];
    readonly policies?: readonly Policy[];
  },
  options: FakeDirectoryOptions = {},
) => {
  const people: FakePeople = {
    members: new Map(members.map((member) => [member.id, member])),
    groups: new Map(groups.map((group) => [group.id, group])),
    memberships: new Map(Object.entries(memberships).map(([id, of]) => [id, new Set(of)])),
    collections: collections.map((id) => ({ id, externalId: undefined })),
    policies: [...policies],
    before: new Map(),
  };
  const switches = {
    revokes: true,
    rejected: new Set<string>(),
    unlisted: new Set<string>(),
    lacksRevoke: false,
    hidesAccess: false,
    now: () => 0,
    ...options,
  };
  const calls: string[] = [];
  const removed: string[] = [];
  const callUntil =
    (until: number) =>
    async <T>(name: string, effect: () => T): Promise<T> => {
      if (switches.now() >= until) throw new RelayError('OutOfTime', `No time was left for ${name}.`);
      calls.push(name);
      await switches.onCall?.(name, 'before');
      const result = effect();
      await switches.onCall?.(name, 'after');
      return result;
    };
  const refuse = (why: string): never => {
    throw new RelayError('ChangeRefused', why);
  };
  const member = (id: string): Whole<Member> => people.members.get(id) ?? refuse('There is no such member.');
  const group = (id: string): Whole<Group> => people.groups.get(id) ?? refuse('There is no such group.');
  const isLastOwner = (id: string): boolean => {
    const owners = [...people.members.values()].filter(
      ({ type, status }) => type === 'owner' && status === 'confirmed',
    );
    return owners.length === 1 && owners[0]?.id === id;
  };
  const requireOwner = (id: string): void => {
    if (isLastOwner(id)) refuse('The last confirmed owner stays.');
  };
  const readable = <T extends { readonly id: string }>(rows: Iterable<T>) => {
    const all = [...rows].filter(({ id }) => !switches.unlisted.has(id));
    return {
      rows: all.filter(({ id }) => !switches.rejected.has(id)),
      rejected: all.flatMap(({ id }) => (switches.rejected.has(id) ? [`${id}: type`] : [])),
    };
  };
  let made = 0;
  const open = (until: number, call = callUntil(until)): DirectorySession => ({
    abilities: async () => ({ revokes: switches.revokes, manages: true }),
    until: (time) => open(time),
    members: () =>
      call('members', () => {
        const { rows, rejected } = readable(people.members.values());
        return { rows: switches.hidesAccess ? rows.map((row) => ({ ...row, access: undefined })) : rows, rejected };
      }),
    groups: () => call('groups', () => readable(people.groups.values())),
    collections: () => call('collections', () => ({ rows: people.collections, rejected: [] })),
    policies: () => call('policies', () => ({ rows: people.policies, rejected: [] })),
    member: (id) => call('member', () => people.members.get(id)),
    group: (id) => call('group', () => people.groups.get(id)),
    groupsOf: (id) => call('groupsOf', () => [...(people.memberships.get(id) ?? [])]),
    membersOf: (id) =>
      call('membersOf', () => [...people.memberships].flatMap(([one, of]) => (of.has(id) ? [one] : []))),
    freeSeats: () => call('freeSeats', () => switches.freeSeats),
    invite: ({ email, type, externalId, access, groups: of }) =>
      call(`invite ${email}`, () => {
        if ([...people.members.values()].some((one) => one.email === email)) refuse('It is already invited.');
        const id = `new-${++made}`;
        people.members.set(id, aMember(id, { email, type, externalId, access, status: 'invited' }));
        people.memberships.set(id, new Set(of));
        return id;
      }),
    reinvite: (id) =>
      call(`reinvite ${id}`, () => void (member(id).status === 'invited' || refuse('It is not invited.'))),
    changeMember: (id, { externalId, ...change }) =>
      call(`changeMember ${id}`, () => {
        if (change.type !== undefined && change.type !== 'owner') requireOwner(id);
        people.members.set(id, {
          ...member(id),
          ...change,
          ...(externalId !== undefined && { externalId: externalId ?? undefined }),
        });
      }),
    changeGroupsOf: (id, { add, remove }) =>
      call(`changeGroupsOf ${id}`, () => {
        const of = new Set(people.memberships.get(member(id).id) ?? []);
        for (const one of add) of.add(group(one).id);
        for (const one of remove) of.delete(one);
        people.memberships.set(id, of);
      }),
    revoke: (id) =>
      call(`revoke ${id}`, () => {
        if (switches.lacksRevoke) return false;
        requireOwner(id);
        const { status } = member(id);
        if (status !== 'revoked') people.before.set(id, status);
        people.members.set(id, { ...member(id), status: 'revoked' });
        return true;
      }),
    restore: (id) =>
      call(`restore ${id}`, () => {
        const { status } = member(id);
        people.members.set(id, {
          ...member(id),
          status: status === 'revoked' ? (people.before.get(id) ?? 'confirmed') : status,
        });
      }),
    removeMember: (id) =>
      call(`removeMember ${id}`, () => {
        requireOwner(id);
        if (people.members.delete(id)) removed.push(id);
        people.memberships.delete(id);
      }),
    createGroup: ({ name, externalId, access }) =>
      call(`createGroup ${name}`, () => {
        const id = `group-${++made}`;
        people.groups.set(id, aGroup(id, { name, externalId, access }));
        return id;
      }),
    changeGroup: (id, { externalId, ...change }) =>
      call(`changeGroup ${id}`, () => {
        people.groups.set(id, {
          ...group(id),
          ...change,
          ...(externalId !== undefined && { externalId: externalId ?? undefined }),
        });
      }),
    removeGroup: (id) =>
      call(`removeGroup ${id}`, () => {
        people.groups.delete(id);
        for (const of of people.memberships.values()) of.delete(id);
      }),
    savePolicy: (policy) =>
      call(`savePolicy ${policy.type}`, () => {
        const others = people.policies.filter(({ type }) => type !== policy.type);
        people.policies.splice(0, people.policies.length, ...others, policy);
      }),
    events: {
      maxWindowMs: 1,
      losesTies: false,
      page: () => Promise.reject(new Error('Not used.')),
    },
    resources: () => Promise.reject(new Error('not used')),
  });
  const session = open(Number.POSITIVE_INFINITY);
  const directory: Directory = {
    ensureSignIn: async () => ({ expiresAt: null }),
    session: (work) => work(session),
  };
  return { directory, session, people, switches, calls, removed };
};

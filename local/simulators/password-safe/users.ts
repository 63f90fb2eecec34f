import type { RegistrationRules } from './registrations.ts';
import type { SecondFactor } from './second-factor.ts';

/** Role of a user. Password Safe assigns roles per group and Smart Rule. Here, a role applies to every account. */
export const ROLES = [
  'requestor',
  'approver',
  'isa',
  'administrator',
  'account-management',
  'system-management',
  'asset-management',
  'user-management',
  'role-management',
  'rule-management',
  'configuration-management',
  'session-auditor',
  'global-quarantine',
  'secrets-safe',
] as const;
export type Role = (typeof ROLES)[number];

/** A registration of type "API Access Policy". */
interface OAuthRegistration extends RegistrationRules {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Expiry of the secret in the site's time, in milliseconds. */
  readonly secretExpiresAt?: number;
}

/** A registration of type "API Key Policy". */
interface ApiKeyRegistration extends RegistrationRules {
  /** 128 characters, or a GUID in older registrations. */
  readonly key: string;
  /** The user's password, if the registration requires it. */
  readonly password?: string;
}

export interface SimulatedUser {
  readonly userName: string;
  readonly roles: readonly Role[];
  /** Those of the roles that only permit reading. The others are full control. */
  readonly readOnly?: readonly Role[];
  /** An application user of the same group can impersonate this user with the `RunAs` header. */
  readonly groups?: readonly string[];
  readonly oauth?: OAuthRegistration;
  readonly apiKey?: ApiKeyRegistration;
  /** Required at sign-ins by key. Application users have none. */
  readonly secondFactor?: SecondFactor;
  /** Set by an administrator. Blocks the sign-in. */
  readonly quarantined?: boolean;
}

/** The default user of machines, with both registrations. */
export const DEFAULT_APPLICATION = {
  userName: 'pam-relay',
  roles: ['requestor'],
  groups: ['Applications'],
  oauth: {
    clientId: '00000000-0000-4000-8000-000000000001',
    clientSecret: 'simulated-client-secret-of-pam-relay-0001',
  },
  apiKey: { key: 'simulated0'.repeat(13).slice(0, 128) },
} as const satisfies SimulatedUser;

/** A person who approves requests and also opens them. */
export const DEFAULT_APPROVER = {
  userName: 'CORP\\alice',
  roles: ['requestor', 'approver'],
  groups: ['Approvers'],
  apiKey: { key: 'simulated1'.repeat(13).slice(0, 128), password: 'simulated;password=of [alice]' },
} as const satisfies SimulatedUser;

/**
 * A machine that creates objects and their access, and cannot read a credential. Sites have it only if they are started
 * with it.
 */
export const PROVISIONER = {
  userName: 'pam-relay-provisioner',
  roles: [
    'asset-management',
    'system-management',
    'account-management',
    'rule-management',
    'user-management',
    'role-management',
  ],
  groups: ['Provisioners'],
  oauth: {
    clientId: '00000000-0000-4000-8000-000000000002',
    clientSecret: 'simulated-client-secret-of-provisioner-01',
  },
  apiKey: { key: 'simulated2'.repeat(13).slice(0, 128) },
} as const satisfies SimulatedUser;

/** A machine that changes credentials, and cannot create or remove anything. */
export const ROTATOR = {
  userName: 'pam-relay-rotator',
  roles: ['requestor', 'account-management', 'system-management'],
  readOnly: ['system-management'],
  groups: ['Rotators'],
  oauth: {
    clientId: '00000000-0000-4000-8000-000000000003',
    clientSecret: 'simulated-client-secret-of-the-rotator-01',
  },
  apiKey: { key: 'simulated3'.repeat(13).slice(0, 128) },
} as const satisfies SimulatedUser;

/** Roles that groups give a user through the API, beside its own. */
export interface Grants {
  readonly read: ReadonlySet<Role>;
  readonly full: ReadonlySet<Role>;
}

const NO_GRANTS: Grants = { read: new Set(), full: new Set() };

/** A user with its id in the API. */
export interface KnownUser extends SimulatedUser {
  readonly userId: number;
  /** Current grants of the groups of the user. */
  readonly grants: () => Grants;
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export class Users {
  #users: readonly KnownUser[];

  /** Grants of the groups of a user, once the site has groups. */
  grantsOf: (userName: string) => Grants = () => NO_GRANTS;

  constructor(users: readonly SimulatedUser[]) {
    this.#users = users.map((user, index) => ({
      ...user,
      userId: index + 1,
      grants: () => this.grantsOf(user.userName),
    }));
  }

  get all(): readonly KnownUser[] {
    return this.#users;
  }

  byName(userName: string): KnownUser | undefined {
    return this.#users.find((user) => sameName(user.userName, userName));
  }

  /** Returns an existing user. @throws RangeError if there is none. */
  named(userName: string): KnownUser {
    const user = this.byName(userName);
    if (user === undefined) throw new RangeError(`There is no user ${userName}.`);
    return user;
  }

  byId(userId: number): KnownUser | undefined {
    return this.#users.find((user) => user.userId === userId);
  }

  byClient(clientId: string, clientSecret: string): KnownUser | undefined {
    return this.#users.find(({ oauth }) => oauth?.clientId === clientId && oauth.clientSecret === clientSecret);
  }

  byKey(key: string, runAs: string): KnownUser | undefined {
    return this.#users.find((user) => user.apiKey?.key === key && sameName(user.userName, runAs));
  }

  /** Changes a user or its registrations like an administrator: rotates a key, sets a password, quarantines. */
  change(userName: string, change: Partial<SimulatedUser>): void {
    const { userId } = this.named(userName);
    this.#users = this.#users.map((user) => (user.userId === userId ? { ...user, ...change } : user));
  }
}

export const hasRole = (user: KnownUser, ...roles: readonly Role[]): boolean =>
  user.roles.includes('administrator') ||
  roles.some((role) => user.roles.includes(role) || user.grants().read.has(role) || user.grants().full.has(role));

/** True if the user has full control, not only read access, by the role. */
export const hasFullControl = (user: KnownUser, role: Role): boolean =>
  user.roles.includes('administrator') ||
  (user.roles.includes(role) && user.readOnly?.includes(role) !== true) ||
  user.grants().full.has(role);

/** True if an application user can act for another user. */
export const shareGroup = (one: KnownUser, other: KnownUser): boolean =>
  one.groups?.some((group) => other.groups?.includes(group)) === true;

import type { RegistrationRules } from './registrations.ts';
import type { SecondFactor } from './second-factor.ts';

/** What a user may do. Password Safe gives roles per group and Smart Rule; here a role holds for every account. */
export type Role =
  | 'requestor'
  | 'approver'
  | 'isa'
  | 'administrator'
  | 'account-management'
  | 'role-management'
  | 'session-auditor'
  | 'global-quarantine'
  | 'secrets-safe';

/** A registration of type "API Access Policy". */
interface OAuthRegistration extends RegistrationRules {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The site's time from which on the secret is no longer taken, in milliseconds. */
  readonly secretExpiresAt?: number;
}

/** A registration of type "API Key Policy". */
interface ApiKeyRegistration extends RegistrationRules {
  /** 128 characters; of an older registration a GUID. */
  readonly key: string;
  /** The user's password, when the registration asks for it. */
  readonly password?: string;
}

export interface SimulatedUser {
  readonly userName: string;
  readonly roles: readonly Role[];
  /** A user may be impersonated, by the `RunAs` header, by an application user of the same group. */
  readonly groups?: readonly string[];
  readonly oauth?: OAuthRegistration;
  readonly apiKey?: ApiKeyRegistration;
  /** Asked for at sign-ins by key; application users have none. */
  readonly secondFactor?: SecondFactor;
  /** By an administrator: blocks signing in. */
  readonly quarantined?: boolean;
}

/** The user that machines sign in as when no users are given: by either registration. */
export const DEFAULT_APPLICATION = {
  userName: 'pam-relay',
  roles: ['requestor'],
  oauth: {
    clientId: '00000000-0000-4000-8000-000000000001',
    clientSecret: 'simulated-client-secret-of-pam-relay-0001',
  },
  apiKey: { key: 'simulated0'.repeat(13).slice(0, 128) },
} as const satisfies SimulatedUser;

/** A human who approves, and who takes accounts out too. */
export const DEFAULT_APPROVER = {
  userName: 'CORP\\alice',
  roles: ['requestor', 'approver'],
  apiKey: { key: 'simulated1'.repeat(13).slice(0, 128), password: 'simulated;password=of [alice]' },
} as const satisfies SimulatedUser;

/** A user with a number, as the API shows it. */
export interface KnownUser extends SimulatedUser {
  readonly userId: number;
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export class Users {
  #users: readonly KnownUser[];

  constructor(users: readonly SimulatedUser[]) {
    this.#users = users.map((user, index) => ({ ...user, userId: index + 1 }));
  }

  byName(userName: string): KnownUser | undefined {
    return this.#users.find((user) => sameName(user.userName, userName));
  }

  /** Somebody who is known to be there. @throws RangeError otherwise. */
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

  /** What an administrator does to a user or its registrations: rotates a key, sets a password, quarantines. */
  change(userName: string, change: Partial<SimulatedUser>): void {
    const { userId } = this.named(userName);
    this.#users = this.#users.map((user) => (user.userId === userId ? { ...user, ...change } : user));
  }
}

export const hasRole = (user: KnownUser, ...roles: readonly Role[]): boolean =>
  user.roles.includes('administrator') || roles.some((role) => user.roles.includes(role));

/** Whether an application user may act for another one. */
export const shareGroup = (one: KnownUser, other: KnownUser): boolean =>
  one.groups?.some((group) => other.groups?.includes(group)) === true;

/** What a user may do. Password Safe gives roles per group and Smart Rule; here a role holds for every account. */
export type Role = 'requestor' | 'approver' | 'isa' | 'administrator' | 'account-management';

export interface SimulatedUser {
  readonly userName: string;
  readonly roles: readonly Role[];
  /** An OAuth registration of type "API Access Policy". */
  readonly oauth?: { readonly clientId: string; readonly clientSecret: string };
  /** An API key registration. `password` is set when it asks for the user's password, `challenge` for a second factor. */
  readonly apiKey?: { readonly key: string; readonly password?: string; readonly challenge?: string };
  /** Users that it may impersonate by the `RunAs` header. */
  readonly mayRunAs?: readonly string[];
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
  readonly #users: readonly KnownUser[];

  constructor(users: readonly SimulatedUser[]) {
    this.#users = users.map((user, index) => ({ ...user, userId: index + 1 }));
  }

  byName(userName: string): KnownUser | undefined {
    return this.#users.find((user) => sameName(user.userName, userName));
  }

  byClient(clientId: string, clientSecret: string): KnownUser | undefined {
    return this.#users.find(({ oauth }) => oauth?.clientId === clientId && oauth.clientSecret === clientSecret);
  }

  byKey(key: string, runAs: string): KnownUser | undefined {
    return this.#users.find((user) => user.apiKey?.key === key && sameName(user.userName, runAs));
  }
}

export const hasRole = (user: KnownUser, ...roles: readonly Role[]): boolean =>
  user.roles.includes('administrator') || roles.some((role) => user.roles.includes(role));

import { hash } from 'node:crypto';
import { type AccountType, TYPE_RULES } from './account-types.ts';
import { type CredentialShape, canaryFor, renderCredential } from './credentials.ts';

/** Kind of an account, by which a test can select one. */
type AccountKind =
  | 'plain'
  | 'personal'
  | 'linked'
  | 'certificate'
  | 'aws-secret'
  | 'auto-rotating'
  | 'held'
  | 'simultaneous'
  | 'same-name'
  | 'odd-name'
  | 'odd-credential';

export interface FleetAccount {
  readonly kind: AccountKind;
  readonly id: number;
  readonly type: AccountType;
  /** Not unique. */
  readonly name: string;
  readonly userName: string | null;
  readonly description: string;
  /** Personal accounts have an owner and no group. */
  readonly ownerUserId: number | null;
  /** Null for personal accounts and certificate authorities. */
  readonly groupId: number | null;
  /** Code name of the account's own policy. Null inherits from the group, then from the default policy. */
  readonly policy: string | null;
  readonly endpointId: number | null;
  readonly credentialShape: CredentialShape;
  /** Initial credential, which contains the canary. */
  readonly credential: string;
  /** Unique text by which leaks are found. */
  readonly canary: string;
  /** Time of the last change, which the activity report shows for 90 days. */
  readonly changedAt: number | null;
  /** User name of the person who has checked it out since three hours before the site's start. */
  readonly heldBy: string | null;
}

export interface FleetOptions {
  /** Number of accounts, including edge cases. */
  readonly accounts: number;
  /** The same seed generates the same fleet, including credentials. */
  readonly seed: number;
}

/** An account group as a site starts with it. */
export interface FleetGroup {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly policy: string | null;
}

/** An account policy as a site starts with it. */
export interface FleetPolicy {
  readonly id: number;
  readonly name: string;
  readonly codeName: string;
  readonly description: string;
  readonly autoRotates: boolean;
  readonly allowsSimultaneous: boolean;
  /** Null without scheduled rotation. */
  readonly maxAgeDays: number | null;
}

/** Groups of a fleet. The first one is the default group. */
export const DEFAULT_GROUPS: readonly FleetGroup[] = [
  { id: 1, name: 'Default Group', description: '', policy: null },
  { id: 2, name: 'Databases', description: 'Accounts of databases', policy: null },
  { id: 3, name: 'Servers', description: 'Accounts of servers', policy: 'standard' },
  { id: 4, name: 'Contractors', description: 'Used by people of other companies', policy: 'rotating' },
];

const POLICY: Omit<FleetPolicy, 'id' | 'name' | 'codeName'> = {
  description: '',
  autoRotates: false,
  allowsSimultaneous: false,
  maxAgeDays: null,
};

/** Policies of a fleet. The first one is the default policy. */
export const DEFAULT_POLICIES: readonly FleetPolicy[] = [
  { ...POLICY, id: 1, name: 'Default Policy', codeName: 'default' },
  { ...POLICY, id: 2, name: 'Standard', codeName: 'standard' },
  { ...POLICY, id: 3, name: 'Rotates after check-in', codeName: 'rotating', autoRotates: true },
  { ...POLICY, id: 4, name: 'Several at once', codeName: 'simultaneous', allowsSimultaneous: true },
  { ...POLICY, id: 5, name: 'Monthly', codeName: 'monthly', maxAgeDays: 30 },
];

const ROTATING = { kind: 'auto-rotating', policy: 'rotating' } as const;

/** Edge cases in the order in which small fleets contain them. */
const EDGE_CASES: readonly Partial<FleetAccount>[] = [
  { kind: 'held', type: 'username_password', heldBy: 'dana' },
  { kind: 'personal', type: 'username_password', ownerUserId: 1, groupId: null, policy: null },
  { ...ROTATING, type: 'windows_domain' },
  { kind: 'linked', type: 'password_safe' },
  { kind: 'certificate', type: 'x509_ca', groupId: null, policy: null },
  { kind: 'aws-secret', type: 'aws_secret' },
  { kind: 'odd-credential', type: 'username_password', credentialShape: 'quoted' },
  { kind: 'same-name', type: 'username_password', name: 'shared name', groupId: 2 },
  { kind: 'same-name', type: 'opaque_token', name: 'shared name', groupId: 3 },
  { ...ROTATING, type: 'windows_local', policy: null, groupId: 4 },
  { kind: 'odd-name', type: 'username_password', name: 'jürgen & søn <#1> +50% 田中', userName: 'CORP\\jürgen "x"' },
  { kind: 'simultaneous', type: 'username_password', policy: 'simultaneous' },
  { kind: 'odd-credential', type: 'opaque_token', credentialShape: 'blanks' },
  { kind: 'certificate', type: 'x509_csr', policy: null },
];

const PLAIN_TYPES = [
  'username_password',
  'ssh',
  'windows_domain',
  'username_password',
  'windows_local',
  'opaque_token',
  'ssh_ca',
] as const;
const USER_NAMES = ['root', 'admin', 'svc-backup', 'svc-deploy', 'reader'] as const;

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2025, 0, 1);

const pick = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError('The list is empty.');
  return item;
};

const plainAccount = (seed: number, index: number): Omit<FleetAccount, 'credential' | 'canary'> => {
  const type = pick(PLAIN_TYPES, index);
  const userName = pick(USER_NAMES, index);
  const randomDay = Number.parseInt(hash('sha256', `${seed}/day/${index}`).slice(0, 8), 16) % 300;
  return {
    kind: 'plain',
    id: 1001 + index,
    type,
    name: `${userName} on host-${String(index + 1).padStart(5, '0')}`,
    userName,
    description: '',
    ownerUserId: null,
    groupId: (index % 3) + 1,
    policy: null,
    endpointId: 501 + index,
    credentialShape: 'plain',
    changedAt: FIRST_DAY + randomDay * DAY_MS + index * 1000,
    heldBy: null,
  };
};

const withOwnFields = (account: ReturnType<typeof plainAccount>): ReturnType<typeof plainAccount> => ({
  ...account,
  userName: TYPE_RULES[account.type].hasUserName ? account.userName : null,
  endpointId: account.type === 'windows_local' ? account.endpointId : null,
});

/**
 * Creates a fleet of this size for {@link DEFAULT_GROUPS}, {@link DEFAULT_POLICIES} and the default people. At most
 * fourteen accounts, and never more than half, are edge cases. They are spread evenly, so that pages and batches
 * contain some.
 */
export const createFleet = ({ accounts, seed }: FleetOptions): FleetAccount[] => {
  const edgeCaseCount = Math.min(EDGE_CASES.length, Math.floor(accounts / 2));
  const edgeCaseAt = new Map(
    EDGE_CASES.slice(0, edgeCaseCount).map((edgeCase, rank) => [
      Math.floor((rank * accounts) / edgeCaseCount),
      edgeCase,
    ]),
  );
  return Array.from({ length: accounts }, (_, index) => {
    const account = withOwnFields({ ...plainAccount(seed, index), ...edgeCaseAt.get(index) });
    const canary = canaryFor(seed, account.id, 0);
    return { ...account, canary, credential: renderCredential(account.type, account.credentialShape, canary) };
  });
};

import { hash } from 'node:crypto';
import { type CredentialShape, canaryFor, renderCredential } from './credential-shapes.ts';
import type { KeyShape } from './dss-keys.ts';
import type { AccessPolicy } from './policies.ts';

type AccountType = 'system' | 'domainlinked' | 'database' | 'cloud' | 'application';

/** Kind of an account, by which a test can select one. */
type AccountKind = 'plain' | 'approval' | 'not-requestable' | 'changing' | 'rotating' | 'odd-name' | 'odd-credential';

export interface FleetAccount {
  readonly kind: AccountKind;
  readonly accountId: number;
  readonly accountName: string;
  readonly systemId: number;
  readonly systemName: string;
  readonly ipAddress: string;
  readonly domainName: string | null;
  readonly userPrincipalName: string | null;
  readonly applicationId: number | null;
  readonly applicationDisplayName: string | null;
  readonly platformId: number;
  readonly type: AccountType;
  readonly workgroup: string;
  readonly description: string;
  readonly credentialShape: CredentialShape;
  /** Null for an account without a private key. */
  readonly dssKey: KeyShape | null;
  /** Initial credential, which contains the canary. */
  readonly credential: string;
  /** Unique text by which leaks are found. */
  readonly canary: string;
  readonly lastChangedAt: number | null;
  /** `ChangePasswordAfterAnyReleaseFlag`. */
  readonly changesAfterRelease: boolean;
  readonly defaultReleaseMinutes: number;
  readonly maximumReleaseMinutes: number;
  /** Concurrent requests of different users. 0 means no limit. */
  readonly maxConcurrentRequests: number;
  readonly isaAccess: boolean;
  /** Null if no schedule allows access now. */
  readonly policy: AccessPolicy | null;
}

export interface FleetOptions {
  /** Number of accounts, including edge cases. */
  readonly accounts: number;
  /** The same seed generates the same fleet, including credentials. */
  readonly seed: number;
}

export const AUTO_APPROVED: AccessPolicy = {
  id: 1,
  name: 'Automation',
  minApprovers: 0,
  approvers: 0,
  allowsRotationOverride: true,
  requireReason: false,
  requireTicket: false,
  ticketSystemId: null,
  maxConcurrent: 0,
  endsSessions: false,
  access: { View: {}, RDP: {}, SSH: {}, App: {} },
};
const APPROVED_BY_HAND: AccessPolicy = { ...AUTO_APPROVED, id: 2, name: 'Four eyes', minApprovers: 1, approvers: 1 };
const ALWAYS_ROTATED: AccessPolicy = { ...AUTO_APPROVED, id: 3, name: 'Always rotate', allowsRotationOverride: false };

/** Edge cases in the order in which small fleets contain them. */
const EDGE_CASES: readonly Partial<FleetAccount>[] = [
  { kind: 'odd-credential', credentialShape: 'quoted' },
  { kind: 'odd-name', systemName: 'backup.eu-1/primary', accountName: 'svc.backup/nightly run' },
  { kind: 'approval', policy: APPROVED_BY_HAND },
  { kind: 'rotating', policy: ALWAYS_ROTATED },
  { kind: 'not-requestable' },
  { kind: 'changing' },
  { kind: 'odd-credential', credentialShape: 'key', dssKey: 'rsa-encrypted' },
  { kind: 'odd-name', systemName: 'Zürich Straße 7', accountName: 'jürgen & søn #1 +50% 田中' },
  { kind: 'rotating', policy: ALWAYS_ROTATED },
  { kind: 'odd-credential', credentialShape: 'blanks' },
  { kind: 'odd-name', systemName: 'dc1.corp.example', accountName: 'CORP\\svc report', credentialShape: 'base64' },
  { kind: 'odd-credential', credentialShape: 'long' },
];

/** Number of edge cases in a large fleet. */
export const MAX_EDGE_CASES = EDGE_CASES.length;

const WORKGROUPS = ['Default Workgroup', 'Production', 'Finance', 'Research'] as const;
const SYSTEM_FAMILIES: readonly { prefix: string; type: AccountType; platformId: number }[] = [
  { prefix: 'db', type: 'database', platformId: 8 },
  { prefix: 'web', type: 'system', platformId: 2 },
  { prefix: 'ad', type: 'domainlinked', platformId: 25 },
  { prefix: 'win', type: 'system', platformId: 1 },
  { prefix: 'cloud', type: 'cloud', platformId: 47 },
  { prefix: 'app', type: 'application', platformId: 2 },
];
const ACCOUNT_NAMES = ['root', 'admin', 'svc-backup', 'svc-deploy', 'reader'] as const;

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2025, 0, 1);

const pick = <T>(list: readonly [T, ...T[]] | readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError('The list is empty.');
  return item;
};

const plainAccount = (seed: number, index: number): Omit<FleetAccount, 'credential' | 'canary'> => {
  const systemIndex = Math.floor(index / ACCOUNT_NAMES.length);
  const family = pick(SYSTEM_FAMILIES, systemIndex);
  const systemNumber = Math.floor(systemIndex / SYSTEM_FAMILIES.length) + 1;
  const systemName = `${family.prefix}-${String(systemNumber).padStart(4, '0')}`;
  const accountName = pick(ACCOUNT_NAMES, index);
  const inDomain = family.type === 'domainlinked';
  const isApplication = family.type === 'application';
  const randomDay = Number.parseInt(hash('sha256', `${seed}/day/${index}`).slice(0, 8), 16) % 300;
  return {
    kind: 'plain',
    accountId: 1001 + index,
    accountName,
    systemId: 101 + systemIndex,
    systemName,
    ipAddress: `10.${(systemIndex >> 16) & 255}.${(systemIndex >> 8) & 255}.${systemIndex & 255}`,
    domainName: inDomain ? 'CORP' : null,
    userPrincipalName: inDomain ? `${accountName}.${systemName}@corp.example` : null,
    applicationId: isApplication ? 11 + systemIndex : null,
    applicationDisplayName: isApplication ? `Application ${systemNumber}` : null,
    platformId: family.platformId,
    type: family.type,
    workgroup: pick(WORKGROUPS, systemIndex),
    description: '',
    credentialShape: 'plain',
    dssKey: null,
    lastChangedAt: FIRST_DAY + randomDay * DAY_MS + index,
    changesAfterRelease: true,
    defaultReleaseMinutes: 120,
    maximumReleaseMinutes: 525_600,
    maxConcurrentRequests: 1,
    isaAccess: true,
    policy: AUTO_APPROVED,
  };
};

/** An edge case with its own system name also has its own system id. */
const applyEdgeCase = (
  plain: ReturnType<typeof plainAccount>,
  edgeCase: Partial<FleetAccount>,
): ReturnType<typeof plainAccount> => ({
  ...plain,
  ...edgeCase,
  ...(edgeCase.systemName === undefined ? {} : { systemId: 1_000_000 + plain.accountId }),
});

/**
 * Creates a fleet of this size. At most twelve accounts, and never more than half, are edge cases. They are spread
 * evenly, so that pages and batches contain some.
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
    const plain = plainAccount(seed, index);
    const edgeCase = edgeCaseAt.get(index);
    const account = edgeCase === undefined ? plain : applyEdgeCase(plain, edgeCase);
    const canary = canaryFor(seed, account.accountId, 0);
    return { ...account, canary, credential: renderCredential(account.credentialShape, canary) };
  });
};

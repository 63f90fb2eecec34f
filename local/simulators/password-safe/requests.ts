import type { AccountState } from './account-state.ts';
import { type AccessPolicy, type AccessType, conditionsOf } from './policies.ts';
import type { Switches } from './switches.ts';
import type { RequestTicket } from './tickets.ts';
import type { KnownUser } from './users.ts';

type RequestStatus = 'pending' | 'active' | 'ended';

export interface AccessRequest {
  readonly requestId: number;
  readonly user: KnownUser;
  readonly account: AccountState;
  /** The access policy under which it was opened. */
  readonly policy: AccessPolicy | null;
  readonly accessType: AccessType;
  readonly applicationId: number | null;
  readonly reason: string;
  readonly durationMs: number;
  readonly ticket: RequestTicket | null;
  readonly requestSetId: string | null;
  readonly createdAt: number;
  readonly approvedBy: Set<string>;
  status: RequestStatus;
  approvedAt: number | null;
  expiresAt: number;
  endedAt: number | null;
  rotateOnCheckIn: boolean;
}

export interface NewRequest {
  readonly user: KnownUser;
  readonly account: AccountState;
  readonly policy: AccessPolicy | null;
  readonly accessType: AccessType;
  readonly applicationId: number | null;
  readonly reason: string;
  readonly durationMs: number;
  readonly ticket: RequestTicket | null;
  /** The set with which it is opened. Null for a single request. */
  readonly requestSetId: string | null;
  readonly rotateOnCheckIn: boolean;
  readonly conflictOption: 'reuse' | 'renew' | undefined;
}

export type Opened = { readonly kind: 'created' | 'reused'; readonly request: AccessRequest } | { kind: 'conflict' };

/** The lower of two limits on different users. 0 means no limit. */
const lowerLimit = (a: number, b: number): number =>
  Math.min(a || Number.POSITIVE_INFINITY, b || Number.POSITIVE_INFINITY);

const approversFor = ({ policy, accessType }: Pick<AccessRequest, 'policy' | 'accessType'>): number =>
  conditionsOf(policy, accessType)?.minApprovers ?? 0;

const addTo = <K>(index: Map<K, Set<AccessRequest>>, key: K, request: AccessRequest): void => {
  const set = index.get(key);
  if (set === undefined) index.set(key, new Set([request]));
  else set.add(request);
};

/** An open request of the same user and access type. */
const sameOf = (
  { user, accessType }: Pick<NewRequest, 'user' | 'accessType'>,
  onAccount: readonly AccessRequest[],
): AccessRequest | undefined =>
  onAccount.find((request) => request.user.userName === user.userName && request.accessType === accessType);

/**
 * The life cycle of requests: pending, active, ended. Expiry is lazy: every operation first ends the expired ones among
 * the requests that it reads.
 */
export class Requests {
  readonly #now: () => number;
  readonly #switches: Switches;
  readonly #byId = new Map<number, AccessRequest>();
  readonly #openByAccount = new Map<AccountState, Set<AccessRequest>>();
  readonly #openByUser = new Map<string, Set<AccessRequest>>();
  readonly #recentByUser = new Map<string, Set<AccountState>>();

  constructor(now: () => number, switches: Switches) {
    this.#now = now;
    this.#switches = switches;
  }

  /** Returns an open or ended request with its current status. */
  find(requestId: number): AccessRequest | undefined {
    const request = this.#byId.get(requestId);
    if (request !== undefined) this.settle(request.account);
    return request;
  }

  /** Brings an account up to date: ends its expired requests and applies the credential changes that follow. */
  settle(account: AccountState): void {
    const now = this.#now();
    for (const request of this.#openByAccount.get(account) ?? []) this.#endIfExpired(request, now);
    account.settle(now);
  }

  openOf(user: KnownUser): AccessRequest[] {
    return this.#stillOpen(this.#openByUser.get(user.userName) ?? []);
  }

  allOpen(): AccessRequest[] {
    return this.#stillOpen([...this.#openByUser.values()].flatMap((requests) => [...requests]));
  }

  /** Accounts that the user has requested, latest first. */
  recentOf(user: KnownUser): AccountState[] {
    return [...(this.#recentByUser.get(user.userName) ?? [])].reverse();
  }

  open(wanted: NewRequest): Opened {
    this.settle(wanted.account);
    const onAccount = [...(this.#openByAccount.get(wanted.account) ?? [])];
    const mine = onAccount.filter((request) => request.user.userName === wanted.user.userName);
    const same = sameOf(wanted, onAccount);
    if (wanted.conflictOption === 'reuse' && same !== undefined) return this.#reuse(same);
    if (this.#isLimitReached(wanted, onAccount)) return { kind: 'conflict' };
    if (wanted.conflictOption === 'renew') {
      for (const request of mine) if (request.status === 'active') this.end(request);
    }
    if (same !== undefined && same.status !== 'ended') return { kind: 'conflict' };
    return { kind: 'created', request: this.#create(wanted) };
  }

  /** True if {@link open} would find a conflict. Opens nothing. */
  wouldConflict(wanted: Omit<NewRequest, 'conflictOption'>): boolean {
    this.settle(wanted.account);
    const onAccount = [...(this.#openByAccount.get(wanted.account) ?? [])];
    return this.#isLimitReached(wanted, onAccount) || sameOf(wanted, onAccount) !== undefined;
  }

  approve(request: AccessRequest, approver: string): void {
    if (request.status !== 'pending') return;
    request.approvedBy.add(approver);
    if (request.approvedBy.size < approversFor(request)) return;
    request.status = 'active';
    request.approvedAt = this.#now();
    if (this.#switches.lateApprovalExtends) request.expiresAt = request.approvedAt + request.durationMs;
  }

  /** Check-in, denial, cancellation and expiry have the same consequences. Only an active request was a release. */
  end(request: AccessRequest, at: number = this.#now()): void {
    if (request.status === 'ended') return;
    const wasReleased = request.status === 'active';
    request.status = 'ended';
    request.endedAt = at;
    this.#openByAccount.get(request.account)?.delete(request);
    this.#openByUser.get(request.user.userName)?.delete(request);
    const { row } = request.account;
    const overridden = !request.rotateOnCheckIn && request.policy?.allowsRotationOverride === true;
    if (wasReleased && row.changesAfterRelease && !overridden) request.account.scheduleChange(at);
  }

  #stillOpen(requests: Iterable<AccessRequest>): AccessRequest[] {
    const now = this.#now();
    return [...requests].filter((request) => !this.#endIfExpired(request, now));
  }

  #endIfExpired(request: AccessRequest, now: number): boolean {
    if (request.expiresAt > now) return false;
    this.end(request, request.expiresAt);
    return true;
  }

  #reuse(request: AccessRequest): Opened {
    const shared = request.status === 'active' || this.#switches.reusePending === 200;
    return shared ? { kind: 'reused', request } : { kind: 'conflict' };
  }

  #isLimitReached(wanted: Omit<NewRequest, 'conflictOption'>, onAccount: readonly AccessRequest[]): boolean {
    const others = new Set(onAccount.map((request) => request.user.userName));
    others.delete(wanted.user.userName);
    const { maxConcurrentRequests } = wanted.account.row;
    const { maxConcurrent = 0 } = conditionsOf(wanted.policy, wanted.accessType) ?? {};
    return others.size >= lowerLimit(maxConcurrentRequests, maxConcurrent);
  }

  #create(wanted: NewRequest): AccessRequest {
    const now = this.#now();
    const approved = approversFor(wanted) === 0;
    const { conflictOption: _, ...fields } = wanted;
    const request: AccessRequest = {
      ...fields,
      requestId: this.#byId.size + 1,
      createdAt: now,
      approvedBy: new Set(),
      status: approved ? 'active' : 'pending',
      approvedAt: approved ? now : null,
      expiresAt: now + wanted.durationMs,
      endedAt: null,
    };
    this.#byId.set(request.requestId, request);
    addTo(this.#openByAccount, request.account, request);
    addTo(this.#openByUser, request.user.userName, request);
    this.#remember(request);
    return request;
  }

  #remember({ user, account }: AccessRequest): void {
    const recent = this.#recentByUser.get(user.userName) ?? new Set<AccountState>();
    recent.delete(account);
    this.#recentByUser.set(user.userName, recent.add(account));
  }
}

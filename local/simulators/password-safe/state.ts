import { hash } from 'node:crypto';
import { canaryFor, renderCredential, renderPassphrase } from './credential-shapes.ts';
import { hasPassphrase, renderKey } from './dss-keys.ts';
import type { FleetAccount } from './fleet.ts';
import type { Switches } from './switches.ts';

/** Values of `ChangeState` in the API. */
export const CHANGE_STATE = { idle: 0, changing: 1, queued: 2 } as const;

interface ScheduledChange {
  /** End of the release, from which the change is visible. */
  readonly queuedAt: number;
  readonly dueAt: number;
}

/** Current state of an account: the fleet's row and its changing values. */
export class AccountState {
  readonly row: FleetAccount;
  readonly #seed: number;
  readonly #switches: Switches;
  #generation = 0;
  #canary: string;
  #credential: string;
  #lastChangedAt: number | null;
  #scheduled: ScheduledChange[] = [];

  constructor(row: FleetAccount, seed: number, switches: Switches) {
    this.row = row;
    this.#seed = seed;
    this.#switches = switches;
    this.#canary = row.canary;
    this.#credential = row.credential;
    this.#lastChangedAt = row.lastChangedAt;
  }

  get credential(): string {
    return this.#credential;
  }

  /** The private key, which changes together with the password. Undefined if the account has none. */
  get dssKey(): string | undefined {
    return this.row.dssKey === null ? undefined : renderKey(this.row.dssKey, this.#canary);
  }

  /** Undefined if the account has no key, or an unencrypted one. */
  get passphrase(): string | undefined {
    const { dssKey } = this.row;
    return dssKey !== null && hasPassphrase(dssKey) ? renderPassphrase(this.#canary) : undefined;
  }

  get canary(): string {
    return this.#canary;
  }

  get lastChangedAt(): number | null {
    return this.#lastChangedAt;
  }

  change(at: number): void {
    this.#generation += 1;
    this.#canary = canaryFor(this.#seed, this.row.accountId, this.#generation);
    this.#credential = renderCredential(this.row.credentialShape, this.#canary);
    this.#lastChangedAt = at;
  }

  /** Schedules a change for the end of the switch's delay. */
  scheduleChange(queuedAt: number): void {
    if (this.row.kind === 'changing') return;
    this.#scheduled.push({ queuedAt, dueAt: queuedAt + this.#switches.changeDelayMs });
  }

  /** Applies all due changes. Nothing runs in the background, so every reader must settle first. */
  settle(now: number): void {
    if (this.#scheduled.length === 0) return;
    const due = this.#scheduled.filter((change) => change.dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    this.#scheduled = this.#scheduled.filter((change) => change.dueAt > now);
    for (const { dueAt } of due) if (!this.#fails(dueAt)) this.change(dueAt);
  }

  /** Queued during the first half of the delay, changing during the second. */
  changeState(now: number): number {
    if (this.row.kind === 'changing') return CHANGE_STATE.changing;
    const current = this.#scheduled.find((change) => change.queuedAt <= now);
    if (current === undefined) return CHANGE_STATE.idle;
    return now * 2 < current.queuedAt + current.dueAt ? CHANGE_STATE.queued : CHANGE_STATE.changing;
  }

  #fails(dueAt: number): boolean {
    const rate = this.#switches.changeFailureRate;
    if (rate === 0) return false;
    const draw = hash('sha256', `${this.#seed}/${this.row.accountId}/${dueAt}`).slice(0, 8);
    return Number.parseInt(draw, 16) / 0x1_0000_0000 < rate;
  }
}

export interface ListFilter {
  readonly type?: string | undefined;
  readonly workgroup?: string | undefined;
  readonly systemName?: string | undefined;
  readonly systemId?: number | undefined;
  readonly accountName?: string | undefined;
  readonly applicationDisplayName?: string | undefined;
  readonly ipAddress?: string | undefined;
}

const lower = (text: string): string => text.toLowerCase();

/** The names that identify an account in calls: its own, and for a directory account also `DOMAIN\name` and the UPN. */
const accountNames = ({ accountName, domainName, userPrincipalName }: FleetAccount): string[] => [
  lower(accountName),
  ...(domainName === null ? [] : [lower(`${domainName}\\${accountName}`)]),
  ...(userPrincipalName === null ? [] : [lower(userPrincipalName)]),
];

export const matches = (row: FleetAccount, filter: ListFilter): boolean =>
  (filter.type === undefined || row.type === filter.type) &&
  (filter.workgroup === undefined || lower(row.workgroup) === filter.workgroup) &&
  (filter.systemName === undefined || lower(row.systemName) === filter.systemName) &&
  (filter.systemId === undefined || row.systemId === filter.systemId) &&
  (filter.ipAddress === undefined || row.ipAddress === filter.ipAddress) &&
  (filter.accountName === undefined || accountNames(row).includes(filter.accountName)) &&
  (filter.applicationDisplayName === undefined ||
    lower(row.applicationDisplayName ?? '') === filter.applicationDisplayName);

const MAX_CACHED_LISTS = 64;

/** All accounts, with look-ups in constant time. */
export class Accounts {
  readonly all: readonly AccountState[];
  readonly workgroups: readonly string[];
  readonly #byId: ReadonlyMap<number, AccountState>;
  readonly #byNames = new Map<string, Map<string, AccountState>>();
  readonly #lists = new Map<string, readonly AccountState[]>();

  constructor(fleet: readonly FleetAccount[], seed: number, switches: Switches) {
    this.all = fleet.map((row) => new AccountState(row, seed, switches));
    this.workgroups = [...new Set(fleet.map((row) => row.workgroup))];
    this.#byId = new Map(this.all.map((account) => [account.row.accountId, account]));
    for (const account of this.all) {
      const system = this.#byNames.get(lower(account.row.systemName)) ?? new Map<string, AccountState>();
      this.#byNames.set(lower(account.row.systemName), system);
      for (const name of accountNames(account.row)) system.set(name, account);
    }
  }

  byId(accountId: number): AccountState | undefined {
    return this.#byId.get(accountId);
  }

  byNames(systemName: string, accountName: string): AccountState | 'no-system' | 'no-account' {
    const system = this.#byNames.get(lower(systemName));
    return system === undefined ? 'no-system' : (system.get(lower(accountName)) ?? 'no-account');
  }

  /** Text in the filter is in lower case. The result of a filter never changes, so it is cached for all pages. */
  list(filter: ListFilter): readonly AccountState[] {
    const key = JSON.stringify(filter);
    if (key === '{}') return this.all;
    const cached = this.#lists.get(key);
    if (cached !== undefined) return cached;
    if (this.#lists.size >= MAX_CACHED_LISTS) this.#lists.clear();
    const list = this.all.filter((account) => matches(account.row, filter));
    this.#lists.set(key, list);
    return list;
  }
}

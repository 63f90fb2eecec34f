import { hash } from 'node:crypto';
import type { AccountSettings } from './account-settings.ts';
import { type ChangeAgent, ScheduledChanges } from './change-agent.ts';
import { canaryFor, renderCredential, renderPassphrase } from './credential-shapes.ts';
import { hasPassphrase, renderKey } from './dss-keys.ts';
import type { FleetAccount } from './fleet.ts';
import type { Switches } from './switches.ts';
import { Target } from './target.ts';

/** Values of `ChangeState` in the API. */
export const CHANGE_STATE = { idle: 0, changing: 1, queued: 2 } as const;

/** A private key that a caller stored. */
export interface StoredKey {
  readonly privateKey: string;
  readonly passphrase: string | undefined;
}

/** Current state of an account: the fleet's row and its changing values. */
export class AccountState {
  #row: FleetAccount;
  readonly #seed: number;
  readonly #switches: Switches;
  readonly #scheduled: ScheduledChanges;
  readonly target = new Target();
  #generation = 0;
  #changeCount = 0;
  #canary: string;
  #keyCanary: string;
  #credential: string;
  #lastChangedAt: number | null;
  /** The date before the last change. */
  #previouslyChangedAt: number | null;
  #storedKey: StoredKey | undefined;
  /** Settings that the provisioning API gave the account. Undefined as long as it only has those of the fleet. */
  settings: AccountSettings | undefined;
  /** Time at which the API created the account. Null for an account of the fleet. */
  createdAt: number | null = null;

  /** True if changes leave the private key as it is. */
  keepsKey = false;
  /** Accounts whose credentials change together, the parent first. Empty for an account that is not synced. */
  synced: readonly AccountState[] = [];

  constructor(row: FleetAccount, seed: number, switches: Switches, agent: ChangeAgent) {
    this.#row = row;
    this.#scheduled = new ScheduledChanges(switches, agent);
    this.#seed = seed;
    this.#switches = switches;
    this.#canary = row.canary;
    this.#keyCanary = row.canary;
    this.#credential = row.credential;
    this.#lastChangedAt = row.lastChangedAt;
    this.#previouslyChangedAt = row.lastChangedAt;
  }

  get row(): FleetAccount {
    return this.#row;
  }

  /** Replaces settings of the row like an administrator. The id and the credential stay. */
  adjust(changes: Partial<Omit<FleetAccount, 'accountId' | 'credential' | 'canary'>>): void {
    this.#row = { ...this.#row, ...changes };
  }

  /** Stores credentials that a caller sends. A missing part stays as it is. */
  store(parts: { readonly password?: string | undefined; readonly key?: StoredKey | undefined }, at: number): void {
    if (parts.password !== undefined) this.#credential = parts.password;
    if (parts.key !== undefined) this.#storedKey = parts.key;
    this.#date(at);
  }

  /** Empty if the account has no password yet. */
  get credential(): string {
    return this.#credential;
  }

  /** The private key, which changes together with the password. Undefined if the account has none. */
  get dssKey(): string | undefined {
    if (this.#storedKey !== undefined) return this.#storedKey.privateKey;
    return this.row.dssKey === null ? undefined : renderKey(this.row.dssKey, this.#keyCanary);
  }

  /** Undefined if the account has no key, or an unencrypted one. */
  get passphrase(): string | undefined {
    const { dssKey } = this.row;
    if (this.#storedKey !== undefined) return this.#storedKey.passphrase;
    return dssKey !== null && hasPassphrase(dssKey) ? renderPassphrase(this.#keyCanary) : undefined;
  }

  get canary(): string {
    return this.#canary;
  }

  get lastChangedAt(): number | null {
    return this.#lastChangedAt;
  }

  /** The date that calls show. */
  shownChangeDate(now: number): number | null {
    return this.#switches.propagation === 'delays-date' && this.#isPropagating(now)
      ? this.#previouslyChangedAt
      : this.#lastChangedAt;
  }

  /** Number of changes since the start, by any caller. */
  get changeCount(): number {
    return this.#changeCount;
  }

  change(at: number): void {
    this.#generation += 1;
    this.#changeCount += 1;
    this.#canary = canaryFor(this.#seed, this.row.accountId, this.#generation);
    this.#credential = renderCredential(this.row.credentialShape, this.#canary);
    if (!this.keepsKey) this.#keyCanary = this.#canary;
    if (!this.keepsKey && this.row.dssKey !== null) this.#storedKey = undefined;
    this.#date(at);
  }

  /** Changes the credential on its target, which does what it behaves like. */
  changeOnTarget(at: number): void {
    const { changes, lateMs } = this.target.behaviour;
    if (changes === 'once' || changes === 'twice') this.#changeAll(at);
    if (changes === 'late' || changes === 'twice') this.#scheduled.delay(at + lateMs);
  }

  /** Queues a change for the agent, or schedules it for the end of a delay. */
  scheduleChange(queuedAt: number, delayMs?: number): void {
    if (this.row.kind !== 'changing') this.#scheduled.queue(queuedAt, delayMs);
  }

  /** Leaves a failed change to the agent, if that repeats any. */
  repeatChange(failedAt: number): void {
    this.#scheduled.repeat(failedAt);
  }

  /** Applies all due changes. Nothing runs in the background, so every reader must settle first. */
  settle(now: number): void {
    this.#settleOwn(now);
    for (const account of this.synced) account.#settleOwn(now);
  }

  #settleOwn(now: number): void {
    for (let next = this.#scheduled.takeDue(now); next !== undefined; next = this.#scheduled.takeDue(now)) {
      if (next.isReported) this.#changeAll(next.dueAt);
      else if (this.#fails(next.dueAt)) this.#scheduled.repeat(next.dueAt, next.retries);
      else this.changeOnTarget(next.dueAt);
    }
  }

  #changeAll(at: number): void {
    for (const account of new Set([this, ...this.synced])) account.change(at);
  }

  #date(at: number): void {
    this.#previouslyChangedAt = this.#lastChangedAt;
    this.#lastChangedAt = at;
  }

  #isPropagating(now: number): boolean {
    return this.#changeCount > 0 && now < (this.#lastChangedAt ?? 0) + this.#switches.propagationMs;
  }

  /** Queued during the first half of the delay, changing during the second. */
  changeState(now: number): number {
    if (this.row.kind === 'changing') return CHANGE_STATE.changing;
    const current = this.#scheduled.shownAt(now);
    const isShown = this.#switches.propagation === 'delays-state' && this.#isPropagating(now);
    if (current === undefined) return isShown ? CHANGE_STATE.changing : CHANGE_STATE.idle;
    return now * 2 < current.queuedAt + current.dueAt ? CHANGE_STATE.queued : CHANGE_STATE.changing;
  }

  #fails(dueAt: number): boolean {
    if (!this.target.behaviour.isReachable) return true;
    const rate = this.#switches.changeFailureRate;
    if (rate === 0) return false;
    const draw = hash('sha256', `${this.#seed}/${this.row.accountId}/${dueAt}`).slice(0, 8);
    return Number.parseInt(draw, 16) / 0x1_0000_0000 < rate;
  }
}

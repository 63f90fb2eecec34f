import { AccountState } from './account-state.ts';
import { ChangeAgent } from './change-agent.ts';
import { canaryFor } from './credential-shapes.ts';
import type { FleetAccount } from './fleet.ts';
import { accountNames, type ListFilter, lower, matches } from './list-filter.ts';
import type { Switches } from './switches.ts';

const MAX_CACHED_LISTS = 64;

/** All accounts, with look-ups in constant time. */
export class Accounts {
  readonly workgroups: readonly string[];
  readonly #seed: number;
  readonly #switches: Switches;
  readonly #agent: ChangeAgent;
  readonly #byId: Map<number, AccountState>;
  readonly #byNames = new Map<string, Map<string, AccountState>>();
  readonly #lists = new Map<string, readonly AccountState[]>();
  #all: readonly AccountState[];
  #bySystem: Map<number, readonly AccountState[]> | undefined;
  #lastId: number;

  constructor(fleet: readonly FleetAccount[], seed: number, switches: Switches) {
    this.#seed = seed;
    this.#switches = switches;
    this.#agent = new ChangeAgent(switches);
    this.#all = fleet.map((row) => new AccountState(row, seed, switches, this.#agent));
    this.workgroups = [...new Set(fleet.map((row) => row.workgroup))];
    this.#byId = new Map(this.all.map((account) => [account.row.accountId, account]));
    this.#lastId = fleet.reduce((last, { accountId }) => Math.max(last, accountId), 1000);
    for (const account of this.all) this.#index(account);
  }

  get all(): readonly AccountState[] {
    return this.#all;
  }

  byId(accountId: number): AccountState | undefined {
    return this.#byId.get(accountId);
  }

  /** Syncs accounts with the first of them, their parent. */
  sync(accountIds: readonly number[]): void {
    const synced = accountIds.flatMap((accountId) => this.byId(accountId) ?? []);
    this.#setSet(synced);
  }

  /** Adds an account to the set of a parent. */
  subscribe(parent: AccountState, account: AccountState): void {
    const set = parent.synced.length === 0 ? [parent] : parent.synced;
    this.#setSet([...set.filter((one) => one !== account), account]);
  }

  /** Removes an account from its set. */
  unsubscribe(account: AccountState): void {
    const rest = account.synced.filter((one) => one !== account);
    account.synced = [];
    for (const one of rest) one.synced = rest.length > 1 ? rest : [];
  }

  #setSet(set: readonly AccountState[]): void {
    for (const account of set) account.synced = set;
  }

  byNames(systemName: string, accountName: string): AccountState | 'no-system' | 'no-account' {
    const system = this.#byNames.get(lower(systemName));
    return system === undefined ? 'no-system' : (system.get(lower(accountName)) ?? 'no-account');
  }

  ofSystem(systemId: number): readonly AccountState[] {
    this.#bySystem ??= Map.groupBy(this.#all, ({ row }) => row.systemId);
    return this.#bySystem.get(systemId) ?? [];
  }

  /** Adds an account with the next id. Its password is empty until it is stored or changed. */
  add(row: Omit<FleetAccount, 'accountId' | 'credential' | 'canary'>, createdAt: number): AccountState {
    this.#lastId += 1;
    const canary = canaryFor(this.#seed, this.#lastId, 0);
    const account = new AccountState(
      { ...row, accountId: this.#lastId, canary, credential: '' },
      this.#seed,
      this.#switches,
      this.#agent,
    );
    account.createdAt = createdAt;
    this.#all = [...this.#all, account];
    this.#byId.set(this.#lastId, account);
    this.#index(account);
    this.#forgetLists();
    return account;
  }

  remove(account: AccountState): void {
    this.#all = this.#all.filter((other) => other !== account);
    this.#byId.delete(account.row.accountId);
    this.#unindex(account);
    this.#forgetLists();
  }

  /** Changes the row of an account, under whose names it is then found. */
  adjust(account: AccountState, changes: Parameters<AccountState['adjust']>[0]): void {
    this.#unindex(account);
    account.adjust(changes);
    this.#index(account);
    this.#forgetLists();
  }

  /** Text in the filter is in lower case. Results are cached for all pages until an account changes. */
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

  #index(account: AccountState): void {
    const systemName = lower(account.row.systemName);
    const system = this.#byNames.get(systemName) ?? new Map<string, AccountState>();
    this.#byNames.set(systemName, system);
    for (const name of accountNames(account.row)) system.set(name, account);
  }

  #unindex(account: AccountState): void {
    const system = this.#byNames.get(lower(account.row.systemName));
    for (const name of accountNames(account.row)) if (system?.get(name) === account) system.delete(name);
  }

  #forgetLists(): void {
    this.#lists.clear();
    this.#bySystem = undefined;
  }
}

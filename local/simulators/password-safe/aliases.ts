import type { AccountState } from './account-state.ts';
import type { Accounts } from './state.ts';
import type { Switches } from './switches.ts';

/** A name for several accounts with the same rights, one of which is preferred at a time. */
export interface SimulatedAlias {
  readonly aliasId: number;
  readonly aliasName: string;
  /** The first account is preferred initially. An alias without accounts is unmapped. */
  readonly accountIds: readonly number[];
}

/** Values of `AliasState` in the API. */
const ALIAS_STATE = { unmapped: 0, mapped: 1, highlyAvailable: 2 } as const;

/** Current state of an alias. */
export interface AliasState {
  readonly alias: SimulatedAlias;
  readonly state: number;
  readonly accounts: readonly AccountState[];
  /** Undefined while the alias is unmapped. */
  readonly preferred: AccountState | undefined;
}

/** The account at which an alias points, and the changes of its accounts that the alias has followed. */
interface Pointer {
  readonly accountId: number | undefined;
  readonly followed: ReadonlyMap<number, number>;
}

/** An alias follows its accounts: it points at the one that changed last. */
export class Aliases {
  readonly #aliases: readonly SimulatedAlias[];
  readonly #accounts: Accounts;
  readonly #now: () => number;
  readonly #switches: Pick<Switches, 'aliasSwitchMs'>;
  readonly #pointers = new Map<number, Pointer>();
  readonly #aliasOfRequest = new Map<number, number>();

  constructor(
    aliases: readonly SimulatedAlias[],
    accounts: Accounts,
    now: () => number,
    switches: Pick<Switches, 'aliasSwitchMs'>,
  ) {
    this.#aliases = aliases;
    this.#accounts = accounts;
    this.#now = now;
    this.#switches = switches;
  }

  all(): AliasState[] {
    return this.#aliases.map((alias) => this.#stateOf(alias));
  }

  byId(aliasId: number): AliasState | undefined {
    const alias = this.#aliases.find((candidate) => candidate.aliasId === aliasId);
    return alias && this.#stateOf(alias);
  }

  /** Makes the next account of the alias the preferred one. */
  switchOver(aliasId: number): void {
    const { accounts = [], preferred } = this.byId(aliasId) ?? {};
    const next = accounts[(preferred === undefined ? -1 : accounts.indexOf(preferred)) + 1] ?? accounts[0];
    this.#point(aliasId, next, accounts);
  }

  /** Records the alias for which a request was created. The request shows it from then on. */
  remember(requestId: number, aliasId: number): void {
    if (!this.#aliasOfRequest.has(requestId)) this.#aliasOfRequest.set(requestId, aliasId);
  }

  ofRequest(requestId: number): number | null {
    return this.#aliasOfRequest.get(requestId) ?? null;
  }

  #stateOf(alias: SimulatedAlias): AliasState {
    const accounts = alias.accountIds.flatMap((accountId) => this.#accounts.byId(accountId) ?? []);
    const preferred = this.#follow(alias.aliasId, accounts);
    const state = Math.min(accounts.length, ALIAS_STATE.highlyAvailable);
    return { alias, state, accounts, preferred };
  }

  #follow(aliasId: number, accounts: readonly AccountState[]): AccountState | undefined {
    const now = this.#now();
    for (const account of accounts) account.settle(now);
    const { accountId, followed } = this.#pointers.get(aliasId) ?? { accountId: undefined, followed: new Map() };
    const changed = accounts.filter(
      ({ row, changeCount, lastChangedAt }) =>
        changeCount > (followed.get(row.accountId) ?? 0) && (lastChangedAt ?? 0) + this.#switches.aliasSwitchMs <= now,
    );
    const [latest] = changed.toSorted((one, other) => (other.lastChangedAt ?? 0) - (one.lastChangedAt ?? 0));
    if (latest !== undefined) return this.#point(aliasId, latest, changed, followed);
    return accounts.find(({ row }) => row.accountId === accountId) ?? accounts[0];
  }

  /** Points an alias at an account. From then on, the alias follows only later changes of these accounts. */
  #point(
    aliasId: number,
    account: AccountState | undefined,
    changed: readonly AccountState[],
    followed: Pointer['followed'] = new Map(),
  ): AccountState | undefined {
    const counts = changed.map(({ row, changeCount }) => [row.accountId, changeCount] as const);
    this.#pointers.set(aliasId, { accountId: account?.row.accountId, followed: new Map([...followed, ...counts]) });
    return account;
  }
}

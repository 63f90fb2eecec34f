import type { AccountState } from './account-state.ts';
import type { Accounts } from './state.ts';

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

export class Aliases {
  readonly #aliases: readonly SimulatedAlias[];
  readonly #accounts: Accounts;
  readonly #turns = new Map<number, number>();
  readonly #aliasOfRequest = new Map<number, number>();

  constructor(aliases: readonly SimulatedAlias[], accounts: Accounts) {
    this.#aliases = aliases;
    this.#accounts = accounts;
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
    this.#turns.set(aliasId, (this.#turns.get(aliasId) ?? 0) + 1);
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
    const turn = this.#turns.get(alias.aliasId) ?? 0;
    const state = Math.min(accounts.length, ALIAS_STATE.highlyAvailable);
    return { alias, state, accounts, preferred: accounts[turn % Math.max(1, accounts.length)] };
  }
}

/** An account with which the vault signs in to managed systems, by the names of the API. Never holds its credential. */
export interface FunctionalAccount {
  readonly FunctionalAccountID: number;
  readonly PlatformID: number;
  readonly DomainName: string | null;
  readonly AccountName: string;
  readonly DisplayName: string;
  readonly Description: string;
  readonly ElevationCommand: string | null;
  readonly TenantID: string | null;
  readonly ObjectID: string | null;
  readonly AzureInstance: string | null;
}

/** The first one manages every system of the fleet. */
const OF_FLEET: FunctionalAccount = {
  FunctionalAccountID: 1,
  PlatformID: 2,
  DomainName: null,
  AccountName: 'svc-password-safe',
  DisplayName: 'svc-password-safe',
  Description: '',
  ElevationCommand: 'sudo',
  TenantID: null,
  ObjectID: null,
  AzureInstance: null,
};

export class FunctionalAccounts {
  readonly #byId = new Map<number, FunctionalAccount>([[1, OF_FLEET]]);
  #lastId = 1;

  all(): readonly FunctionalAccount[] {
    return [...this.#byId.values()];
  }

  byId(id: number): FunctionalAccount | undefined {
    return this.#byId.get(id);
  }

  add(account: Omit<FunctionalAccount, 'FunctionalAccountID'>): FunctionalAccount {
    this.#lastId += 1;
    const added = { ...account, FunctionalAccountID: this.#lastId };
    this.#byId.set(added.FunctionalAccountID, added);
    return added;
  }

  remove(id: number): void {
    this.#byId.delete(id);
  }
}

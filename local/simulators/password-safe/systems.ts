import { ENTITY_TYPES } from './platforms.ts';
import type { AccountState, Accounts } from './state.ts';

/** A managed system with its accounts. */
export interface ManagedSystem {
  readonly systemId: number;
  readonly entityTypeId: number;
  /** The first account. All accounts of a system have the same system fields. */
  readonly first: AccountState;
  readonly accounts: readonly AccountState[];
}

const ENTITY_TYPE_OF = {
  system: ENTITY_TYPES.asset,
  application: ENTITY_TYPES.asset,
  database: ENTITY_TYPES.database,
  domainlinked: ENTITY_TYPES.directory,
  cloud: ENTITY_TYPES.cloud,
} as const;

/** The managed systems of the fleet's accounts, in the order of their first accounts. */
export class Systems {
  readonly #accounts: Accounts;
  #byId: ReadonlyMap<number, ManagedSystem> | undefined;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  all(): readonly ManagedSystem[] {
    return [...this.#index().values()];
  }

  byId(systemId: number): ManagedSystem | undefined {
    return this.#index().get(systemId);
  }

  /** Built by the first call, because most sites never list systems. */
  #index(): ReadonlyMap<number, ManagedSystem> {
    this.#byId ??= new Map(
      [...Map.groupBy(this.#accounts.all, ({ row }) => row.systemId)].flatMap(([systemId, accounts]) => {
        const [first] = accounts;
        if (first === undefined) return [];
        return [[systemId, { systemId, entityTypeId: ENTITY_TYPE_OF[first.row.type], first, accounts }]];
      }),
    );
    return this.#byId;
  }
}

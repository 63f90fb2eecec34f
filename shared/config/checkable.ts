import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { CheckoutConfig, ConnectionConfig, StoreConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';

/** The named entries of a section. An entry that is there but has a wrong shape is `undefined`: it can't be judged. */
export type Entries<T> = Readonly<Record<string, T | undefined>>;

/** What of a configuration can be checked. A section that is not there at all is `undefined`. */
export interface Checkable {
  readonly relay: string | undefined;
  readonly connections: Entries<ConnectionConfig> | undefined;
  readonly stores: Entries<StoreConfig> | undefined;
  readonly syncs: Entries<SyncConfig> | undefined;
  readonly checkouts: Entries<CheckoutConfig> | undefined;
}

type Named<T> = readonly [name: string, entry: T];

export const judgeable = <T>(entries: Entries<T> | undefined): Named<T>[] =>
  Object.entries(entries ?? {}).flatMap(([name, entry]) => (entry === undefined ? [] : [[name, entry] as const]));

/** The sections whose entries deliver something, and what one of them is called. */
export const DELIVERING = ['syncs', 'checkouts'] as const;
export type Delivering = (typeof DELIVERING)[number];
export const RULE_WORDS = { syncs: 'sync', checkouts: 'checkout' } as const satisfies Record<Delivering, string>;

/** An entry that delivers from a connection into a store. */
export interface DeliveringRule {
  readonly section: Delivering;
  readonly name: string;
  readonly entry: SyncConfig | CheckoutConfig;
}

export const deliveries = (config: Checkable): DeliveringRule[] =>
  DELIVERING.flatMap((section) =>
    judgeable<SyncConfig | CheckoutConfig>(config[section]).map(([name, entry]) => ({ section, name, entry })),
  );

/** An own property: whatever operators call their things, it is none that every object has. */
export const ownOf = <T>(things: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  things !== undefined && Object.hasOwn(things, name) ? things[name] : undefined;

/** No two types have a source of the same name, so that a rule can be judged whose connection can not. */
export const findSource = ({ connections }: RegisteredTypes, source: string): SourceType | undefined =>
  Object.values(connections)
    .map(({ sources }) => ownOf(sources, source))
    .find((found) => found !== undefined);

import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type {
  BlueprintConfig,
  CheckoutConfig,
  ConnectionConfig,
  DirectoryConfig,
  ExportConfig,
  OldCheckoutsConfig,
  RelayConfig,
  RotationConfig,
  StoreConfig,
  SyncConfig,
  TicketSystemConfig,
  WebhookConfig,
} from '#shared/config/schema.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';

/** Named entries of a section. An entry with a wrong shape is `undefined` and is not checked further. */
export type Entries<T> = Readonly<Record<string, T | undefined>>;

/** Checkable part of a configuration. A missing section is `undefined`. */
export interface Checkable {
  readonly relay: string | undefined;
  readonly connections: Entries<ConnectionConfig> | undefined;
  readonly stores: Entries<StoreConfig> | undefined;
  readonly syncs: Entries<SyncConfig> | undefined;
  readonly checkouts: Entries<CheckoutConfig> | undefined;
  readonly rotations: Entries<RotationConfig> | undefined;
  readonly oldCheckouts: Entries<OldCheckoutsConfig> | undefined;
  readonly exports: Entries<ExportConfig> | undefined;
  readonly provisioning: Entries<BlueprintConfig> | undefined;
  readonly directories: Entries<DirectoryConfig> | undefined;
  readonly webhooks: Entries<WebhookConfig> | undefined;
  readonly ticketSystems: Entries<TicketSystemConfig> | undefined;
  /** `invalid` if its shape is wrong, so that nothing is concluded from it. */
  readonly webhookDomain?: RelayConfig['webhookDomain'] | 'invalid';
}

type Named<T> = readonly [name: string, entry: T];

export const checkableEntries = <T>(entries: Entries<T> | undefined): Named<T>[] =>
  Object.entries(entries ?? {}).flatMap(([name, entry]) => (entry === undefined ? [] : [[name, entry] as const]));

/** Sections whose entries are rules that deliver, and the word for one entry. */
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
    checkableEntries<SyncConfig | CheckoutConfig>(config[section]).map(([name, entry]) => ({ section, name, entry })),
  );

/** Looks up an own property, so that a name such as `constructor` finds nothing inherited. */
export const ownOf = <T>(things: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  things !== undefined && Object.hasOwn(things, name) ? things[name] : undefined;

/** Source names are unique over all types, so a rule can be checked even if its connection is invalid. */
export const findSource = ({ connections }: RegisteredTypes, source: string): SourceType | undefined =>
  Object.values(connections)
    .map(({ sources }) => ownOf(sources, source))
    .find((found) => found !== undefined);

import type * as z from 'zod';
import type { OperatorSecret, OperatorSecretOptions } from '#shared/aws/operator-secret.ts';
import type { TokenCache, TokenSource } from '#shared/aws/token-cache.ts';
import type { EntryShape } from '#shared/config/schema/fields.ts';
import type { Directory } from '#shared/connections/directory.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault, VendorAccess } from '#shared/connections/vault.ts';
import type { RelayError } from '#shared/errors.ts';
import type { ClientCertificate } from '#shared/http/client-certificate.ts';
import type { Http } from '#shared/http/http.ts';
import type { RetryPolicy } from '#shared/http/retry.ts';

/** A secret that an operator creates for a connection, and its place in relay.yaml. */
export interface OperatorSecretName {
  /** Path below the entry of the connection. */
  readonly path: readonly string[];
  /** Purpose of the secret, such as `bootstrap secret`. */
  readonly what: string;
  readonly secret: string;
}

/** One kind of item that rules read from a connection. */
export interface SourceType {
  /**
   * Shape of a sync of this source, an object whose `source` is the name of this source: `commonSync` of
   * `shared/config/schema/sync.ts`, and its own settings. Absent if the source has no syncs.
   */
  readonly sync?: EntryShape;
  /** Shape of a rule under `checkouts`, based on `commonCheckout`. */
  readonly checkout?: EntryShape;
  /** Shape of a rule under `rotations`, based on `commonRotation`. Absent if the vault changes no such credentials. */
  readonly rotation?: EntryShape;
  /**
   * Shape of a rule under `oldCheckouts`, based on `commonOldCheckouts`. Absent if the vault does not show the leases
   * of all its users.
   */
  readonly oldCheckouts?: EntryShape;
  /** Derives the facts of a rule of one of these shapes, or of a rule with only its source set. Pure. */
  rules(rule: Source): SourceRules;
}

interface ConnectOptions {
  readonly clientCertificate?: ClientCertificate;
  /** Default: the address of the connection. */
  readonly url?: string;
  /** Default: that of `shared/http/retry.ts`. */
  readonly retry?: RetryPolicy;
}

/** Dependencies of a connection. */
export interface ConnectionContext {
  /** Name in relay.yaml. */
  readonly connection: string;
  /** Connects with the CA, the proxy and the limits of the connection. */
  readonly connect: (options?: ConnectOptions) => Http;
  /** Reads a secret that an operator created for signing in. */
  readonly readSecret: (options: Omit<OperatorSecretOptions, 'client'>) => Promise<OperatorSecret>;
  /**
   * Caches the token that all functions share; only for settings that share one ({@link ConnectionType.sharesToken}).
   */
  readonly cacheToken: (source: TokenSource) => TokenCache;
  /** Called if a session could not be signed out. It stays open until the vault ends it as idle. */
  readonly onSignOutFailure: (error: RelayError) => void;
  /** Called if the vault refused a sign-in, which the vault can also report to its administrator by mail. */
  readonly onSignInRefused: () => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface CommonType<Settings extends EntryShape> {
  /**
   * Shape of an entry under `connections`, an object whose `type` is the name of this type: `commonConnection` of
   * `shared/config/schema/connection.ts`, and its own settings.
   */
  readonly settings: Settings;
  /** By name. Names are unique across all types of connection. Empty for a directory. */
  readonly sources: Readonly<Record<string, SourceType>>;
  /** Imports the kinds of resource that can be provisioned, by name. Absent if there are none. */
  resources?(): Promise<ResourceTypes>;
  operatorSecrets(settings: z.output<Settings>): readonly OperatorSecretName[];
  /** True if the functions share a token, for which the stack then creates a secret. */
  sharesToken(settings: z.output<Settings>): boolean;
  /** True if only a secret of the connection names the users that it signs in as ({@link Vault.users}). */
  usersInSecret?(settings: z.output<Settings>): boolean;
}

/** A type of connection to a vault. */
export interface VaultType<Settings extends EntryShape = EntryShape> extends CommonType<Settings> {
  /** Imports the code that calls the vault. Does not connect yet. */
  open(settings: z.output<Settings>, context: ConnectionContext): Promise<Vault<VendorAccess>>;
  readonly openDirectory?: undefined;
}

/** A type of connection to a directory. */
export interface DirectoryType<Settings extends EntryShape = EntryShape> extends CommonType<Settings> {
  /** Imports the code that calls the directory. Does not connect yet. */
  openDirectory(settings: z.output<Settings>, context: ConnectionContext): Promise<Directory>;
  readonly open?: undefined;
}

/** A type of connection, as registered. */
export type ConnectionType<Settings extends EntryShape = EntryShape> = VaultType<Settings> | DirectoryType<Settings>;

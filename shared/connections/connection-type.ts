import type * as z from 'zod';
import type { OperatorSecret, OperatorSecretOptions } from '#shared/aws/operator-secret.ts';
import type { TokenCache, TokenSource } from '#shared/aws/token-cache.ts';
import type { EntryShape } from '#shared/config/schema/fields.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import type { RelayError } from '#shared/errors.ts';
import type { ClientCertificate } from '#shared/http/client-certificate.ts';
import type { Http } from '#shared/http/http.ts';

/** A secret that an operator makes for signing in, and where relay.yaml names it. */
interface OperatorSecretName {
  /** Below the connection's entry. */
  readonly path: readonly string[];
  /** What it is, such as `bootstrap secret`. */
  readonly what: string;
  readonly secret: string;
}

/** One kind of thing that rules read from a connection. */
export interface SourceType {
  /**
   * The shape of a sync of this source, an object whose `source` is this source's name: `commonSync` of
   * `shared/config/schema/sync.ts`, and settings of its own. Absent when there are no syncs of it.
   */
  readonly sync?: EntryShape;
  /** The same for a rule under `checkouts`, around `commonCheckout`. */
  readonly checkout?: EntryShape;
  /** What follows from a rule of one of these shapes, and from one of no settings but its source. Pure. */
  rules(rule: Source): SourceRules;
}

/** What a connection is made with. */
export interface ConnectionContext {
  /** Its name in relay.yaml. */
  readonly connection: string;
  /** Connects to the connection's address, trusting its CA, within its limits. */
  readonly connect: (clientCertificate?: ClientCertificate) => Http;
  /** Reads what an operator made for signing in. */
  readonly readSecret: (options: Omit<OperatorSecretOptions, 'client'>) => Promise<OperatorSecret>;
  /** The token that all functions share; only for settings that say so ({@link ConnectionType.sharesToken}). */
  readonly cacheToken: (source: TokenSource) => TokenCache;
  /** Told when a session could not be signed out: it stays open until the vault ends it for idleness. */
  readonly onSignOutFailure: (error: RelayError) => void;
  /** Told when the vault refused to sign in, which it may have mailed to its administrator, too. */
  readonly onSignInRefused: () => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A type of connection, as its registry knows it. */
export interface ConnectionType<Settings extends EntryShape = EntryShape> {
  /**
   * The shape of an entry under `connections`, an object whose `type` is this type's name: `commonConnection` of
   * `shared/config/schema/connection.ts`, and settings of its own.
   */
  readonly settings: Settings;
  /** By their names, which no other type of connection uses. */
  readonly sources: Readonly<Record<string, SourceType>>;
  operatorSecrets(settings: z.output<Settings>): readonly OperatorSecretName[];
  /** Whether the functions share a token, for which the stack then makes a secret. */
  sharesToken(settings: z.output<Settings>): boolean;
  /** Imports what talks to the vault, and connects nothing yet. */
  open(settings: z.output<Settings>, context: ConnectionContext): Promise<Vault>;
}

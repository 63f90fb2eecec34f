import type { Account, AccountType, Alias } from '#shared/domain/account.ts';
import type { HandedOut } from '#shared/domain/checkout.ts';
import type { Content, Credential, CredentialKind } from '#shared/domain/credential.ts';
import type { AccessType, RequestTerms } from '#shared/domain/lease.ts';
import type { SafeApiVersion, SafeSecret } from '#shared/domain/safe-secret.ts';
import type { Secret } from '#shared/secret.ts';

/** Which accounts to list: each entry of either list is asked for on its own, and an empty list asks for all. */
export interface AccountQuery {
  readonly types: readonly AccountType[];
  /** Globs over workgroup names; names without a wildcard need no permission to list workgroups. */
  readonly workgroups: readonly string[];
  /** Only the accounts of the system of this name; of all systems when left out. */
  readonly system?: string | undefined;
}

/** One page of accounts. `complete` is false on the page that shows that the vault did not give us all of them. */
export interface AccountPage {
  readonly accounts: readonly Account[];
  readonly complete: boolean;
}

export interface OpenedRequest {
  readonly requestId: number;
  /** True for a 200: somebody else opened it (another run of ours, too). Read it, never check it in. */
  readonly reused: boolean;
}

/** A row of the vault's list of open requests of ours. */
export interface OpenRequest {
  readonly requestId: number;
  readonly systemId: number;
  readonly accountId: number;
  /** Of a request that was made for an alias. */
  readonly aliasId?: number | undefined;
  readonly status: 'pending' | 'active';
  /** Undefined for a kind of access that we don't know. */
  readonly accessType: AccessType | undefined;
  readonly reason: string;
  /** UTC ISO 8601, when the vault says it. */
  readonly createdAt: string | undefined;
  readonly expiresAt: string | undefined;
}

export interface CheckInResult {
  /** True when the request was gone already, which counts as done. */
  readonly gone: boolean;
  /** The vault's own clock at the answer, UTC ISO 8601, from its `Date` header; undefined when it sent none. */
  readonly at: string | undefined;
}

/** What to read by a request. */
interface CredentialRead {
  /** The password when left out. */
  readonly kind?: CredentialKind | undefined;
  /** What the request was made for, when that was an alias. */
  readonly alias?: Pick<Alias, 'aliasId' | 'aliasName' | 'systemId' | 'accountId'> | undefined;
}

/** A credential that was released without a request. */
export interface IsaCredential extends Credential {
  /** When the release ends by itself, by the vault's own clock, UTC ISO 8601; undefined when it told no time. */
  readonly endsAt: string | undefined;
}

/** One page of secrets. `complete` is false on the page that shows that the vault did not give us all of them. */
export interface SafeSecretPage {
  readonly secrets: readonly SafeSecret[];
  readonly complete: boolean;
}

/** The values of a folder itself, not of those below it. */
export interface SafeBulk {
  readonly folderId: string;
  /** Only what was modified after it, UTC ISO 8601 in whole seconds; everything when left out. */
  readonly since?: string | undefined;
  readonly version: SafeApiVersion;
}

/** Secrets Safe. Every call raises a RelayError, `PermissionMissing` where the user may not read; all are repeatable. */
export interface SecretsSafe {
  /** Lists what the user may read, page by page, each secret once and without its value. */
  list(version: SafeApiVersion): AsyncIterable<SafeSecretPage>;
  /** Reads values in bulk, page by page and by the secrets' ids: credentials and texts, but no files. */
  readFolder(bulk: SafeBulk): AsyncIterable<ReadonlyMap<string, Secret>>;
  /** Reads one value, or the bytes of a file. */
  read(secret: Pick<SafeSecret, 'secretId' | 'type'>, version: SafeApiVersion): Promise<Content>;
}

/** What a request could be made for now, and on which conditions. */
export interface AccessOffer {
  readonly accessType: AccessType;
  /** How many people have to approve; 0 approves at once. */
  readonly minApprovers: number;
  readonly requiresTicket: boolean;
  /** The vault's default ticket system when it names none. */
  readonly ticketSystemId?: number | undefined;
}

/** What a session is opened by: a ticket, or a file that holds one. */
export type SessionType = Exclude<HandedOut, 'password' | 'dsskey'>;

/** What lets its holder into a session. */
export interface SessionGrant {
  /**
   * Of a ticket the vault's answer as it came, as JSON text (`Ticket`, `Host`, `Port`, for SSH also `TicketAtHost`, `Link`
   * and `Command`; reference: 2.5); of a file its text.
   */
  readonly credential: Secret;
  /** A file does not tell it; {@link VaultSession.listSessions} does, by the request. */
  readonly sessionId: number | undefined;
}

/** A session that is not over. A locked or disconnected one may go on. */
export interface OpenSession {
  readonly sessionId: number;
  readonly accountId?: number | undefined;
  /** Older versions do not tell it, and a session by the ISA role has none. */
  readonly requestId?: number | undefined;
  readonly status: 'not-started' | 'in-progress' | 'locked' | 'disconnected';
}

/** A signed-in session. Every call raises a RelayError; calls may run in parallel, the connection's limits hold. */
export interface VaultSession {
  /** Lists page by page, each account once. Repeatable. */
  listAccounts(query: AccountQuery): AsyncIterable<AccountPage>;
  /** Lists the aliases that point at an account which the user may request. Repeatable. */
  listAliases(): Promise<readonly Alias[]>;
  /** Asks for a request. Never repeated by the client. */
  openRequest(terms: RequestTerms): Promise<OpenedRequest>;
  /**
   * Reads the credential of an active request: its password when nothing else is said. Of a key it asks for the
   * passphrase only when the key says that it is encrypted. Raises `DeliverySuperseded` for an alias that points elsewhere
   * by now. Repeatable; each read is audited by the vault.
   */
  readCredential(requestId: number, read?: CredentialRead): Promise<Credential>;
  /**
   * Reads a credential by the ISA role: in one call, without a request and thus without an approval or a check-in. The
   * access, ticket, rotation and sharing of the terms mean nothing here. Raises `NotRequestable` without the role. Each
   * call is another release, so the client never repeats it.
   */
  readAsIsa(terms: RequestTerms, kind: CredentialKind): Promise<IsaCredential>;
  /** Gives a request back. Repeatable. */
  checkIn(requestId: number, reason: string): Promise<CheckInResult>;
  /** Lists this user's pending and active requests. Repeatable. */
  listOpenRequests(): Promise<readonly OpenRequest[]>;
  /**
   * Finds an account by both of its names, of which a directory account's is `DOMAIN\\name`; undefined when the vault says
   * that there is none, or none for this user. Raises `RequestRejected` when there are several. Repeatable.
   */
  findAccount(systemName: string, accountName: string): Promise<Account | undefined>;
  /**
   * What a request for the account and so many minutes could be made for now: one offer for each kind of access of each
   * schedule, none when nothing allows it at this time. Raises `NotRequestable` for an account that is not the user's
   * to ask for. Opens nothing; repeatable.
   */
  testAccess(
    account: Pick<Account, 'systemId' | 'accountId'>,
    durationMinutes: number,
  ): Promise<readonly AccessOffer[]>;
  /**
   * Opens a session by an active request, whose access has to be for this kind of session. Raises `ApprovalPending` and
   * `LeaseGone` by the state of the request. Every call makes another ticket, so the client never repeats it; a ticket
   * that got lost is void once the request has ended, or its session was terminated.
   */
  openSession(requestId: number, session: SessionType): Promise<SessionGrant>;
  /**
   * Opens a session by the ISA role: no approval and no request to give back, so it ends with its duration or by
   * {@link VaultSession.terminateSession}. Ticket, rotation and sharing of the terms mean nothing here. Not repeatable, as
   * {@link VaultSession.openSession}.
   */
  openIsaSession(terms: RequestTerms, session: SessionType): Promise<SessionGrant>;
  /** Lists the sessions that are not over, of all users whom this one may see. Repeatable. */
  listSessions(): Promise<readonly OpenSession[]>;
  /** Ends a session; false when it was over already. Needs a permission that requestors lack. Repeatable. */
  terminateSession(sessionId: number): Promise<boolean>;
  readonly secretsSafe: SecretsSafe;
}

/** A vault that hands out credentials. */
export interface Vault {
  /** Signs in, does the work, and signs out whatever happened. One session per function invocation. */
  withSession<T>(work: (session: VaultSession) => Promise<T>): Promise<T>;
}

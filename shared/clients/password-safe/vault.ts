import type { Account, AccountType } from '#shared/domain/account.ts';
import type { RequestTerms } from '#shared/domain/lease.ts';
import type { Secret } from '#shared/secret.ts';

/** Which accounts to list: each entry of either list is asked for on its own, and an empty list asks for all. */
export interface AccountQuery {
  readonly types: readonly AccountType[];
  /** Globs over workgroup names; names without a wildcard need no permission to list workgroups. */
  readonly workgroups: readonly string[];
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
  readonly status: 'pending' | 'active';
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

/** A signed-in session. Every call raises a RelayError; calls may run in parallel, the connection's limits hold. */
export interface VaultSession {
  /** Lists page by page, each account once. Repeatable. */
  listAccounts(query: AccountQuery): AsyncIterable<AccountPage>;
  /** Asks for a request. Never repeated by the client. */
  openRequest(terms: RequestTerms): Promise<OpenedRequest>;
  /** Reads the credential of an active request. Repeatable; each read is audited by the vault. */
  readCredential(requestId: number): Promise<Secret>;
  /** Gives a request back. Repeatable. */
  checkIn(requestId: number, reason: string): Promise<CheckInResult>;
  /** Lists this user's pending and active requests. Repeatable. */
  listOpenRequests(): Promise<readonly OpenRequest[]>;
}

/** A vault that hands out credentials. */
export interface Vault {
  /** Signs in, does the work, and signs out whatever happened. One session per function invocation. */
  withSession<T>(work: (session: VaultSession) => Promise<T>): Promise<T>;
}

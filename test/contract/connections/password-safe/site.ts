import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import {
  type PasswordSafeOptions,
  type PasswordSafeSimulator,
  startPasswordSafe,
} from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { type Authenticator, oauthAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import type { DeliveredKind } from '#shared/connections/password-safe/delivered.ts';
import { type Session, withSession } from '#shared/connections/password-safe/session.ts';
import { accountItem } from '#shared/connections/password-safe/sources/account-items.ts';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { createPasswordSafe } from '#shared/connections/password-safe/vault.ts';
import type { Leases, PlainReads, Read, Rejected, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp, type Http, type HttpOptions } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';

export const connection = 'corp-vault';
const CLIENT_SECRET = new Secret(DEFAULT_APPLICATION.oauth.clientSecret);

/** A vault with an authenticator of its own. */
type TestVault = Pick<Vault, 'session' | 'rules'>;

interface Clock {
  now: number;
}

export interface TestSite {
  readonly simulator: PasswordSafeSimulator;
  readonly http: Http;
  readonly clock: Clock;
  /** Waits that the client would have slept, in milliseconds. */
  readonly waits: readonly number[];
  readonly signOutFailures: readonly RelayError[];
  /** Issued tokens, which no error may show. */
  readonly tokens: readonly string[];
  readonly vault: TestVault;
  vaultWith(authenticator: Authenticator): TestVault;
  /** Signs in and out around calls of the client alone. */
  call<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Error of a rejected call, after a check that no part of it shows a secret. */
  failureOf(promise: Promise<unknown>): Promise<RelayError>;
  /** Number of calls of a kind that took effect. */
  effects(kind: string): number;
}

/** A client with its own simulator. Only the test moves the clock of the site. */
export const openSite = async (
  options: PasswordSafeOptions = {},
  httpOptions: Partial<HttpOptions> = {},
): Promise<TestSite> => {
  const clock: Clock = { now: Date.UTC(2026, 2, 1, 12) };
  const simulator = await startPasswordSafe({ now: () => clock.now, ...options });
  onTestFinished(() => simulator.close());
  const waits: number[] = [];
  const http = createHttp({
    connection,
    url: simulator.url,
    ca: simulator.caPem,
    limits: { inFlight: 16, perSecond: 1000, timeoutSeconds: 30 },
    sleep: async (ms) => waits.push(ms),
    ...httpOptions,
  });
  onTestFinished(() => http.close());

  const tokens: string[] = [];
  const get = async (): Promise<Secret> => {
    const { accessToken } = await requestToken({
      http,
      clientId: DEFAULT_APPLICATION.oauth.clientId,
      clientSecret: CLIENT_SECRET,
    });
    tokens.push(accessToken.reveal());
    return accessToken;
  };
  const signOutFailures: RelayError[] = [];
  const onSignOutFailure = (error: RelayError) => void signOutFailures.push(error);
  const vaultWith = (authenticator: Authenticator): TestVault =>
    createPasswordSafe({ connection, http: async () => http, authenticator, onSignOutFailure });
  const authenticator = oauthAuthenticator({ connection, tokens: { get, drop: async () => undefined } });

  const failureOf = async (promise: Promise<unknown>): Promise<RelayError> => {
    const error: unknown = await promise.then(
      () => expect.fail('should have been rejected'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof RelayError)) throw error;
    const everything = `${inspect(error, { depth: null, showHidden: true })}${error.stack}${JSON.stringify(error)}`;
    for (const secret of [CLIENT_SECRET.reveal(), ...tokens, 'canary-', 'ASP.NET_SessionId=']) {
      expect(everything).not.toContain(secret);
    }
    expect(error.message).toContain(connection);
    return error;
  };
  return {
    simulator,
    http,
    clock,
    waits,
    signOutFailures,
    tokens,
    vault: vaultWith(authenticator),
    vaultWith,
    call: (work) => withSession({ connection, http, authenticator, onSignOutFailure }, work),
    failureOf,
    effects: (kind) => simulator.audit.filter((entry) => entry.kind === kind && entry.tookEffect).length,
  };
};

/** The first account of this kind. */
export const pick = (
  { simulator }: Pick<TestSite, 'simulator'>,
  kind: FleetAccount['kind'] = 'plain',
): FleetAccount => {
  const account = simulator.accounts().find((candidate) => candidate.kind === kind);
  if (account === undefined) throw new Error(`The fleet has no account of kind ${kind}.`);
  return account;
};

/** Rules for accounts. */
export const ACCOUNTS: Source = { source: 'accounts' };
export const BY_ROLE: Source = { source: 'accounts', access: 'isa' };

/** The item of an account, with the fields that a request needs. */
export const itemOf = (
  account: Pick<FleetAccount, 'systemId' | 'accountId'> & Partial<FleetAccount>,
  delivers: DeliveredKind = 'password',
): Item =>
  accountItem(
    {
      kind: 'account',
      systemId: account.systemId,
      accountId: account.accountId,
      systemName: account.systemName ?? 'a system',
      accountName: account.accountName ?? 'an account',
      domainName: account.domainName ?? '',
      workgroupName: '',
      changing: false,
      applicationId: account.applicationId ?? undefined,
      isaAccess: true,
    },
    delivers,
  );

/** Reads by request, as the rule configures. */
export const leasesOf = (session: VaultSession, rule: Source = ACCOUNTS): Leases => {
  const access = session.access(rule);
  if (access.kind !== 'leases') throw new Error(`The rule asks for ${access.kind}.`);
  return access;
};

/** Reads without a request, as the rule configures. */
export const readsOf = (session: VaultSession, rule: Source = BY_ROLE): PlainReads => {
  const access = session.access(rule);
  if (access.kind !== 'plain-reads') throw new Error(`The rule asks for ${access.kind}.`);
  return access;
};

/** The text that was read. */
export const textIn = ({ content }: Read): string => {
  if ('file' in content) throw new Error('It is a file.');
  return content.secret.reveal();
};

/** All that a rule lists. */
export const listAll = async (session: VaultSession, rule: Source = ACCOUNTS) => {
  const items: Item[] = [];
  const rejected: Rejected[] = [];
  let complete = true;
  for await (const page of session.list(rule)) {
    items.push(...page.items);
    rejected.push(...(page.rejected ?? []));
    complete &&= page.complete;
  }
  return { items, complete, rejected };
};

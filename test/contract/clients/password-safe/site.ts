import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import {
  type PasswordSafeOptions,
  type PasswordSafeSimulator,
  startPasswordSafe,
} from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { type Authenticator, oauthAuthenticator } from '#shared/clients/password-safe/authentication.ts';
import { createPasswordSafe } from '#shared/clients/password-safe/client.ts';
import { requestToken } from '#shared/clients/password-safe/token.ts';
import type { Vault } from '#shared/clients/password-safe/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp, type Http, type HttpOptions } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';

export const connection = 'corp-vault';
const CLIENT_SECRET = new Secret(DEFAULT_APPLICATION.oauth.clientSecret);

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
  /** Tokens as they were handed out, so that no error may show them. */
  readonly tokens: readonly string[];
  readonly vault: Vault;
  vaultWith(authenticator: Authenticator): Vault;
  /** What a call is rejected with, after a look into every corner of it for what must not be there. */
  failureOf(promise: Promise<unknown>): Promise<RelayError>;
  /** How many calls of a kind took effect. */
  effects(kind: string): number;
}

/** A client of a simulator of its own; the clock of the site stands still until the test moves it. */
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
  const vaultWith = (authenticator: Authenticator): Vault =>
    createPasswordSafe({
      connection,
      http,
      authenticator,
      onSignOutFailure: (error) => signOutFailures.push(error),
    });

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
    vault: vaultWith(oauthAuthenticator({ connection, tokens: { get, drop: async () => undefined } })),
    vaultWith,
    failureOf,
    effects: (kind) => simulator.audit.filter((entry) => entry.kind === kind && entry.tookEffect).length,
  };
};

/** The account of this kind with which the test works. */
export const pick = ({ simulator }: TestSite, kind: FleetAccount['kind'] = 'plain'): FleetAccount => {
  const account = simulator.accounts().find((candidate) => candidate.kind === kind);
  if (account === undefined) throw new Error(`The fleet has no account of kind ${kind}.`);
  return account;
};

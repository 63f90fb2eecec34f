import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { CallKind } from '#local/simulators/password-safe/audit.ts';
import type { Fault } from '#local/simulators/password-safe/faults.ts';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import { type PasswordSafeSimulator, startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { oauthAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { type SessionOptions, withSession } from '#shared/connections/password-safe/session.ts';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { type Calls, type InSession, makeCalls } from './faulted-calls.ts';

export const TEN_MINUTES_MS = 600_000;
const FLEET = createFleet({ accounts: 900, seed: 5 });
const { clientId, clientSecret } = DEFAULT_APPLICATION.oauth;

/** Larger than any answer of the site, yet fast to send. Caps of single calls have their own tests. */
const MAX_BYTES = 2_000_000;
export const TOO_MANY_BYTES = MAX_BYTES + 100_000;

export interface FaultedSite {
  readonly simulator: PasswordSafeSimulator;
  /** Outcome of a call after an interruption of the site, in the words of `test/data/failure-modes.md`. */
  outcomeOf(call: keyof Calls, kind: CallKind, interruption: () => Promise<void> | void): Promise<string>;
  /** Outcome of a call under a fault. */
  outcomeUnder(call: keyof Calls, fault: Fault & { readonly kind: CallKind }): Promise<string>;
  /** Stops the server. */
  shutDown(): Promise<void>;
  close(): Promise<void>;
}

/** The vault's client, and a simulator that can fail any call. All waits use the site's own clock. */
export const openFaultedSite = async (): Promise<FaultedSite> => {
  let now = Date.UTC(2026, 2, 1, 12);
  let attempts = 0;
  let isWatched = false;
  const simulator = await startPasswordSafe({
    now: () => now,
    fleet: FLEET,
    users: [
      {
        ...DEFAULT_APPLICATION,
        roles: [
          'requestor',
          'isa',
          'asset-management',
          'account-management',
          'user-management',
          'global-quarantine',
          'secrets-safe',
        ],
      },
    ],
    aliases: FLEET.map(({ accountId }) => ({
      aliasId: accountId,
      aliasName: `alias ${accountId}`,
      accountIds: [accountId],
    })),
    secrets: createSecrets({ plain: 0 }),
    // Makes a list one call.
    switches: { accountList: 'counted' },
  });
  const http = createHttp({
    connection: 'corp-vault',
    url: simulator.url,
    ca: simulator.caPem,
    limits: { inFlight: 4, perSecond: 10_000, timeoutSeconds: 30 },
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      if (isWatched) attempts += 1;
    },
    maxBytes: MAX_BYTES,
    deadline: () => {
      const controller = new AbortController();
      if (isWatched) abortOnceEndless(controller);
      return controller.signal;
    },
  });
  const countEndless = () => simulator.audit.filter(({ fault }) => fault === 'endless').length;
  /** Ends an attempt once its answer proves endless. A fixed deadline could end one that a busy machine delays. */
  const abortOnceEndless = (controller: AbortController): void => {
    const before = countEndless();
    const poll = setInterval(() => {
      if (isWatched && countEndless() === before) return;
      clearInterval(poll);
      if (isWatched) controller.abort(new DOMException('The deadline has passed.', 'TimeoutError'));
    }, 2);
    poll.unref();
  };
  const getToken = async () =>
    (await requestToken({ http, clientId, clientSecret: new Secret(clientSecret) })).accessToken;
  const signOutFailures: RelayError[] = [];
  const options: SessionOptions = {
    connection: 'corp-vault',
    http,
    authenticator: oauthAuthenticator({
      connection: 'corp-vault',
      tokens: { get: getToken, drop: async () => undefined },
    }),
    onSignOutFailure: (error) => signOutFailures.push(error),
  };
  const inSession: InSession = (work) => withSession(options, work);
  let isUp = true;
  const shutDown = async () => {
    if (isUp) await simulator.close();
    isUp = false;
    // Lets the client notice that its connections are closed.
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  };
  const fresh = simulator.accounts().filter(({ kind }) => kind === 'plain');
  const calls = makeCalls({ getToken, around: inSession, signOutFailures, nextAccount: () => fresh.pop() });

  const outcomeOf: FaultedSite['outcomeOf'] = async (call, kind, interruption) => {
    let before = 0;
    const begin = async () => {
      await interruption();
      before = sent(simulator, kind);
      attempts = 1;
      isWatched = true;
    };
    const end = () => {
      isWatched = false;
    };
    const error = await calls[call]({ begin, end }).then(
      () => undefined,
      (thrown: unknown) => safe(thrown),
    );
    // If no attempt reached the server, only the waits between attempts were counted.
    const times = Math.max(sent(simulator, kind) - before, error === undefined ? 1 : attempts);
    return `${error?.name ?? 'done'}${times > 1 ? ` ×${times}` : ''}${error?.mayHaveHappened ? ' †' : ''}`;
  };

  return {
    simulator,
    outcomeOf,
    async outcomeUnder(call, fault) {
      try {
        return await outcomeOf(call, fault.kind, () => {
          simulator.faults.add(fault);
        });
      } finally {
        simulator.faults.clear();
      }
    },
    shutDown,
    async close() {
      await http.close();
      await shutDown();
    },
  };
};

const sent = ({ audit }: PasswordSafeSimulator, kind: CallKind): number =>
  audit.filter((entry) => entry.kind === kind).length;

/** Returns the error after a check that it shows no secret. */
const safe = (thrown: unknown): RelayError => {
  if (!(thrown instanceof RelayError)) throw thrown;
  const everything = `${inspect(thrown, { depth: null, showHidden: true })}${JSON.stringify(thrown)}`;
  for (const secret of [clientSecret, 'canary-', 'ASP.NET_SessionId=']) {
    if (everything.includes(secret)) throw new Error(`${thrown.name} shows a secret.`);
  }
  return thrown;
};

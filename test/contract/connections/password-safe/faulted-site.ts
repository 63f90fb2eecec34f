import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import * as z from 'zod';
import type { CallKind } from '#local/simulators/password-safe/audit.ts';
import type { Fault } from '#local/simulators/password-safe/faults.ts';
import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { createSecrets } from '#local/simulators/password-safe/safe-contents.ts';
import { type PasswordSafeSimulator, startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { testAccess } from '#shared/connections/password-safe/access.ts';
import { type AccountQuery, listAccounts } from '#shared/connections/password-safe/accounts.ts';
import { listAliases, readAliasCredential } from '#shared/connections/password-safe/aliases.ts';
import { oauthAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { readCredential } from '#shared/connections/password-safe/credentials.ts';
import { readAsIsa } from '#shared/connections/password-safe/isa.ts';
import { findAccount } from '#shared/connections/password-safe/look-up.ts';
import type { RequestTerms } from '#shared/connections/password-safe/request-terms.ts';
import { checkIn, listOpenRequests, openRequest } from '#shared/connections/password-safe/requests.ts';
import {
  changeCredential,
  endRequests,
  testCredential,
} from '#shared/connections/password-safe/resources/account-calls.ts';
import { changeRow, createRow, findRows } from '#shared/connections/password-safe/resources/calls.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { SafeSecret } from '#shared/connections/password-safe/safe-secret.ts';
import { openSecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import { type Session, type SessionOptions, withSession } from '#shared/connections/password-safe/session.ts';
import {
  listSessions,
  openIsaSession,
  openSession,
  terminateSession,
} from '#shared/connections/password-safe/target-sessions.ts';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';

export const TEN_MINUTES_MS = 600_000;
const EVERYTHING: AccountQuery = { types: [], workgroups: [] };
const FLEET = createFleet({ accounts: 900, seed: 5 });
const { clientId, clientSecret } = DEFAULT_APPLICATION.oauth;

/** Larger than any answer of the site, yet fast to send. Caps of single calls have their own tests. */
const MAX_BYTES = 2_000_000;
export const TOO_MANY_BYTES = MAX_BYTES + 100_000;

/** Marks the start of a call, after its preparations, and its end, before the session is closed. */
interface Watch {
  readonly begin: () => Promise<void>;
  readonly end: () => void;
}

type Run = (watch: Watch) => Promise<unknown>;

export interface Calls {
  readonly token: Run;
  readonly signIn: Run;
  readonly signOut: Run;
  readonly listAccounts: Run;
  readonly listAliases: Run;
  readonly listWorkgroups: Run;
  readonly listOpenRequests: Run;
  readonly openRequest: Run;
  readonly readCredential: Run;
  readonly readAliasCredential: Run;
  readonly checkIn: Run;
  readonly findAccount: Run;
  readonly testAccess: Run;
  readonly openSession: Run;
  readonly openIsaSession: Run;
  readonly readAsIsa: Run;
  readonly listSessions: Run;
  readonly terminateSession: Run;
  readonly listSecrets: Run;
  readonly readFolder: Run;
  readonly readSecret: Run;
  readonly findObject: Run;
  readonly makeObject: Run;
  readonly changeObject: Run;
  readonly removeObject: Run;
  readonly testCredential: Run;
  readonly changeCredential: Run;
  readonly endRequests: Run;
}

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

const group = z.looseObject({ GroupID: z.int(), Name: z.string() });
const groups = listOf(group, ['GroupID']);

type InSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

interface Parts {
  readonly getToken: () => Promise<Secret>;
  /** Signs in and out around calls. */
  readonly around: InSession;
  readonly signOutFailures: RelayError[];
  /** An account that no call has used yet. */
  readonly nextAccount: () => FleetAccount | undefined;
}

const makeCalls = ({ getToken, around, signOutFailures, nextAccount }: Parts): Calls => {
  const inSession =
    (work: (session: Session, begin: Watch['begin']) => Promise<unknown>): Run =>
    ({ begin, end }) =>
      around((session) => work(session, begin).finally(end));
  const freshTerms = (more: Partial<RequestTerms> = {}): RequestTerms => {
    const account = nextAccount();
    if (account === undefined) throw new Error('The fleet is used up: make it larger.');
    return {
      systemId: account.systemId,
      accountId: account.accountId,
      accessType: 'View',
      durationMinutes: 15,
      reason: 'sync [x/y/0]',
      rotateOnCheckIn: false,
      whenOpen: 'share',
      ...more,
    };
  };
  const open = (session: Session, more: Partial<RequestTerms> = {}) => openRequest(session, freshTerms(more));
  const aSecret = async (session: Session): Promise<SafeSecret> => {
    for await (const { secrets } of openSecretsSafe(session).list('3.2'))
      if (secrets[0] !== undefined) return secrets[0];
    throw new Error('Secrets Safe is empty.');
  };
  let groupCount = 0;
  const makeGroup = (session: Session) => {
    const body = {
      groupType: 'BeyondInsight',
      groupName: `Group ${++groupCount}`,
      description: 'A test',
      isActive: true,
    };
    return createRow(session, 'UserGroups', body, group);
  };
  const anAccount = (): string => String(freshTerms().accountId);
  return {
    token: async ({ begin }) => {
      await begin();
      return getToken();
    },
    signIn: async ({ begin }) => {
      await begin();
      return around(async () => {});
    },
    signOut: async ({ begin }) => {
      await around(begin);
      const failure = signOutFailures.pop();
      if (failure !== undefined) throw failure;
    },
    listAccounts: inSession(async (session, begin) => {
      await begin();
      for await (const _page of listAccounts(session, EVERYTHING));
    }),
    listAliases: inSession(async (session, begin) => {
      await begin();
      return listAliases(session);
    }),
    listWorkgroups: inSession(async (session, begin) => {
      await begin();
      for await (const _page of listAccounts(session, { ...EVERYTHING, workgroups: ['Prod*'] }));
    }),
    listOpenRequests: inSession(async (session, begin) => {
      await begin();
      return listOpenRequests(session);
    }),
    openRequest: inSession(async (session, begin) => {
      await begin();
      return open(session);
    }),
    readCredential: inSession(async (session, begin) => {
      const { requestId } = await open(session);
      await begin();
      return readCredential(session, requestId, 'password');
    }),
    readAliasCredential: inSession(async (session, begin) => {
      const { systemId, accountId, ...terms } = freshTerms();
      const alias = { aliasId: accountId, aliasName: `alias ${accountId}`, systemId, accountId };
      const { requestId } = await openRequest(session, { ...terms, ...alias });
      await begin();
      return readAliasCredential(session, requestId, alias, 'password');
    }),
    checkIn: inSession(async (session, begin) => {
      const { requestId } = await open(session);
      await begin();
      return checkIn(session, requestId, 'a test');
    }),
    findAccount: inSession(async (session, begin) => {
      await begin();
      return findAccount(session, 'win-0001', 'root');
    }),
    testAccess: inSession(async (session, begin) => {
      await begin();
      return testAccess(session, freshTerms(), 15);
    }),
    openSession: inSession(async (session, begin) => {
      const { requestId } = await open(session, { accessType: 'SSH' });
      await begin();
      return openSession(session, requestId, 'ssh-ticket');
    }),
    openIsaSession: inSession(async (session, begin) => {
      await begin();
      return openIsaSession(session, freshTerms(), 'rdp-file');
    }),
    readAsIsa: inSession(async (session, begin) => {
      await begin();
      return readAsIsa(session, freshTerms(), 'password');
    }),
    listSessions: inSession(async (session, begin) => {
      await begin();
      return listSessions(session);
    }),
    terminateSession: inSession(async (session, begin) => {
      const { sessionId = 0 } = await openIsaSession(session, freshTerms(), 'ssh-ticket');
      await begin();
      return terminateSession(session, sessionId);
    }),
    listSecrets: inSession(async (session, begin) => {
      await begin();
      for await (const _page of openSecretsSafe(session).list('3.2'));
    }),
    readFolder: inSession(async (session, begin) => {
      const { folderId } = await aSecret(session);
      await begin();
      for await (const _page of openSecretsSafe(session).readFolder({ folderId, version: '3.2' }));
    }),
    readSecret: inSession(async (session, begin) => {
      const secret = await aSecret(session);
      await begin();
      return openSecretsSafe(session).read(secret, '3.2');
    }),
    findObject: inSession(async (session, begin) => {
      const { Name } = await makeGroup(session);
      await begin();
      return findRows(session, 'UserGroups', groups, { name: Name });
    }),
    makeObject: inSession(async (session, begin) => {
      await begin();
      return makeGroup(session);
    }),
    changeObject: inSession(async (session, begin) => {
      const { GroupID } = await makeGroup(session);
      await begin();
      return changeRow(session, 'POST', `UserGroups/${GroupID}/Permissions`, []);
    }),
    removeObject: inSession(async (session, begin) => {
      const { GroupID } = await makeGroup(session);
      await begin();
      return changeRow(session, 'DELETE', `UserGroups/${GroupID}`);
    }),
    testCredential: inSession(async (session, begin) => {
      await begin();
      return testCredential(session, anAccount());
    }),
    changeCredential: inSession(async (session, begin) => {
      await begin();
      return changeCredential(session, anAccount());
    }),
    endRequests: inSession(async (session, begin) => {
      await begin();
      return endRequests(session, anAccount());
    }),
  };
};

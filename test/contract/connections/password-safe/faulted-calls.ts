import * as z from 'zod';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { testAccess } from '#shared/connections/password-safe/access.ts';
import { type AccountQuery, listAccounts } from '#shared/connections/password-safe/accounts.ts';
import { listAliases, readAliasCredential, readMapping } from '#shared/connections/password-safe/aliases.ts';
import { changeCredential, readChangeState, testCredential } from '#shared/connections/password-safe/changes.ts';
import { readCredential } from '#shared/connections/password-safe/credentials.ts';
import { readAsIsa } from '#shared/connections/password-safe/isa.ts';
import { findAccount } from '#shared/connections/password-safe/look-up.ts';
import type { RequestTerms } from '#shared/connections/password-safe/request-terms.ts';
import { checkIn, listOpenRequests, openRequest } from '#shared/connections/password-safe/requests.ts';
import { endRequests } from '#shared/connections/password-safe/resources/account-calls.ts';
import { changeRow, createRow, findRows } from '#shared/connections/password-safe/resources/calls.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { SafeSecret } from '#shared/connections/password-safe/safe-secret.ts';
import { openSecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import {
  listSessions,
  openIsaSession,
  openSession,
  terminateSession,
} from '#shared/connections/password-safe/target-sessions.ts';
import type { RelayError } from '#shared/errors.ts';
import type { Secret } from '#shared/secret.ts';

const EVERYTHING: AccountQuery = { types: [], workgroups: [] };

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
  readonly openTicketedRequest: Run;
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
  readonly readChangeState: Run;
  readonly readMapping: Run;
  readonly endRequests: Run;
}

const group = z.looseObject({ GroupID: z.int(), Name: z.string() });
const groups = listOf(group, ['GroupID']);

export type InSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

interface Parts {
  readonly getToken: () => Promise<Secret>;
  /** Signs in and out around calls. */
  readonly around: InSession;
  readonly signOutFailures: RelayError[];
  /** An account that no call has used yet. */
  readonly nextAccount: () => FleetAccount | undefined;
}

/** Each call of the client, with the preparations that it needs. */
export const makeCalls = ({ getToken, around, signOutFailures, nextAccount }: Parts): Calls => {
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
    openTicketedRequest: inSession(async (session, begin) => {
      await begin();
      return open(session, { ticket: { number: 'CHG-1' } });
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
      return testCredential(session, Number(anAccount()));
    }),
    changeCredential: inSession(async (session, begin) => {
      await begin();
      return changeCredential(session, Number(anAccount()), { queue: true });
    }),
    readChangeState: inSession(async (session, begin) => {
      await begin();
      return readChangeState(session, Number(anAccount()));
    }),
    readMapping: inSession(async (session, begin) => {
      await begin();
      return readMapping(session, freshTerms().accountId);
    }),
    endRequests: inSession(async (session, begin) => {
      await begin();
      return endRequests(session, anAccount());
    }),
  };
};

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import type { SessionType, VaultSession } from '#shared/clients/password-safe/vault.ts';
import { ACCESS_FOR } from '#shared/domain/checkout.ts';
import { termsFor } from '#test/support/terms.ts';
import { openSite, pick, type TestSite } from './site.ts';

const REVIEWER: SimulatedUser = { ...DEFAULT_APPLICATION, roles: ['requestor', 'isa', 'global-quarantine'] };
const APPLICATION_ID = 11;

const openReviewed = (options: PasswordSafeOptions = {}) => openSite({ users: [REVIEWER], ...options });

const sessionTerms = (account: FleetAccount, type: SessionType) =>
  termsFor(account, { accessType: ACCESS_FOR[type], applicationId: APPLICATION_ID });

/** Opens a request for the kind of session, and the session. */
const openOne = async (site: TestSite, session: VaultSession, type: SessionType = 'ssh-ticket') => {
  const { requestId } = await session.openRequest(sessionTerms(pick(site), type));
  return { requestId, grant: await session.openSession(requestId, type) };
};

const TICKETS = ['ssh-ticket', 'rdp-ticket', 'application'] as const;
const FILES = ['rdp-file', 'application-file'] as const;

describe('a session', () => {
  it.each(TICKETS)('gives its ticket as the vault wrote it: %s', async (type) => {
    const site = await openReviewed();
    const { grant } = await site.vault.withSession((session) => openOne(site, session, type));
    const ticket: { Ticket: string } = JSON.parse(grant.credential.reveal());
    expect(ticket).toMatchObject({ Host: expect.any(String), Port: expect.any(String), SessionID: grant.sessionId });
    expect(Object.hasOwn(ticket, 'Command')).toBe(type === 'ssh-ticket');
    expect(site.simulator.connect(ticket.Ticket)).toBe(true);
  });

  it.each(FILES)('gives its file, to the last byte: %s', async (type) => {
    const site = await openReviewed();
    const { grant } = await site.vault.withSession((session) => openOne(site, session, type));
    const [opened] = site.simulator.sessions();
    expect(grant.sessionId).toBeUndefined();
    expect(grant.credential.reveal()).toMatch(/^screen mode id:i:2\r\n/);
    expect(grant.credential.reveal()).toContain(`username:s:${opened?.ticket}\r\n`);
  });

  it.each([...TICKETS, ...FILES])('is shown by no printing of what was granted: %s', async (type) => {
    const site = await openReviewed();
    const { grant } = await site.vault.withSession((session) => openOne(site, session, type));
    expect(`${inspect(grant, { depth: null, showHidden: true })}${JSON.stringify(grant)}`).not.toContain('canary-');
  });

  it('is another one with each call', async () => {
    const site = await openReviewed();
    await site.vault.withSession(async (session) => {
      const { requestId, grant } = await openOne(site, session);
      const again = await session.openSession(requestId, 'ssh-ticket');
      expect(again.credential.equals(grant.credential)).toBe(false);
    });
    expect(site.effects('session')).toBe(2);
  });

  it.each([
    ['waits for its approval', 'ApprovalPending'],
    ['was given back', 'LeaseGone'],
    ['is for another access', 'RequestRejected'],
    ['is that of somebody else', 'NotRequestable'],
  ] as const)('is not opened by a request that %s', async (which, name) => {
    const site = await openReviewed();
    const error = await site.failureOf(
      site.vault.withSession(async (session) => {
        const account = pick(site, which === 'waits for its approval' ? 'approval' : 'plain');
        const { requestId } = await session.openRequest(sessionTerms(account, 'ssh-ticket'));
        if (which === 'was given back') await session.checkIn(requestId, 'done');
        if (which === 'is that of somebody else') {
          site.simulator.faults.add({ kind: 'session', effect: { type: 'status', status: 403, body: '4031' } });
        }
        return session.openSession(requestId, which === 'is for another access' ? 'rdp-file' : 'ssh-ticket');
      }),
    );
    expect([error.name, site.simulator.sessions()]).toEqual([name, []]);
  });

  it('is never asked for twice when the answer got lost, which its ticket did, too', async () => {
    const site = await openReviewed();
    site.simulator.faults.add({ kind: 'session', effect: { type: 'reset', when: 'after' } });
    const error = await site.failureOf(site.vault.withSession((session) => openOne(site, session)));
    expect([error.name, error.mayHaveHappened, site.simulator.sessions().length]).toEqual([
      'VaultUnavailable',
      true,
      1,
    ]);
  });

  it.each([
    ['a ticket', 'ssh-ticket', { type: 'wrong-shape', value: { SessionID: 1, Secret: 'canary-0123456789ab' } }],
    ['a ticket', 'ssh-ticket', { type: 'wrong-shape', value: { SessionID: 1, Ticket: '' } }],
    ['a file', 'rdp-file', { type: 'wrong-shape', value: 'canary-0123456789ab' }],
    ['a file', 'rdp-file', { type: 'wrong-content-type' }],
  ] as const)('that is answered with something else than %s is an error without that text', async (_, type, effect) => {
    const site = await openReviewed();
    site.simulator.faults.add({ kind: 'session', effect });
    const error = await site.failureOf(site.vault.withSession((session) => openOne(site, session, type)));
    expect(error.name).toBe('AnswerMalformed');
  });
});

describe('a session by the ISA role', () => {
  it.each([...TICKETS, ...FILES])('needs no request: %s', async (type) => {
    const site = await openReviewed();
    const grant = await site.vault.withSession((session) =>
      session.openIsaSession(sessionTerms(pick(site), type), type),
    );
    expect(grant.credential.reveal()).toMatch(CANARY_PATTERN);
    expect([site.simulator.openRequests(), site.simulator.sessions().length]).toEqual([[], 1]);
    site.clock.now += 15 * 60_000;
    expect(site.simulator.connect(site.simulator.sessions()[0]?.ticket ?? '')).toBe(false);
  });

  it('is refused to who lacks the role', async () => {
    const site = await openSite();
    const error = await site.failureOf(
      site.vault.withSession((session) => session.openIsaSession(sessionTerms(pick(site), 'ssh-ticket'), 'ssh-ticket')),
    );
    expect(error.name).toBe('NotRequestable');
    expect(error.message).toContain('ISA role');
  });
});

describe('open sessions', () => {
  it('are listed until they are over, and ended once', async () => {
    const site = await openReviewed();
    const account = pick(site);
    await site.vault.withSession(async (session) => {
      const { requestId, grant } = await openOne(site, session);
      await session.openIsaSession(sessionTerms(account, 'rdp-file'), 'rdp-file');
      const { Ticket }: { Ticket: string } = JSON.parse(grant.credential.reveal());
      site.simulator.connect(Ticket);
      const { accountId } = account;
      expect(await session.listSessions()).toEqual([
        { sessionId: 1, accountId, requestId, status: 'in-progress' },
        { sessionId: 2, accountId, requestId: undefined, status: 'not-started' },
      ]);
      expect([await session.terminateSession(1), await session.terminateSession(1)]).toEqual([true, false]);
      expect(await session.listSessions()).toMatchObject([{ sessionId: 2 }]);
    });
  });

  it('are told from others also by a server that shows all there ever were', async () => {
    const site = await openReviewed();
    const rows = [0, 1, 2, 5, 7, 8, 9, 42].map((Status) => ({ SessionID: Status + 100, Status }));
    site.simulator.faults.add({ kind: 'sessions', effect: { type: 'wrong-shape', value: rows } });
    const listed = await site.vault.withSession((session) => session.listSessions());
    expect(listed.map(({ sessionId, status }) => [sessionId, status])).toEqual([
      [100, 'not-started'],
      [101, 'in-progress'],
      [105, 'locked'],
      [109, 'disconnected'],
    ]);
  });

  const CALLS: readonly (readonly [string, string, (session: VaultSession) => Promise<unknown>])[] = [
    ['seen', 'Session Auditor', (session) => session.listSessions()],
    ['ended', 'Password Safe API Global Quarantine', (session) => session.terminateSession(1)],
  ];
  it.each(CALLS)('are %s by nobody who lacks the right, whose name the error tells', async (_what, right, call) => {
    const site = await openSite();
    const error = await site.failureOf(site.vault.withSession(call));
    expect(error.name).toBe('PermissionMissing');
    expect(error.message).toContain(right);
  });
});

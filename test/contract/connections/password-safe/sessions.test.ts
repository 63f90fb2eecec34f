import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CANARY_PATTERN } from '#local/simulators/password-safe/credential-shapes.ts';
import type { PasswordSafeOptions } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, type SimulatedUser } from '#local/simulators/password-safe/users.ts';
import type { SessionType } from '#shared/connections/password-safe/delivered.ts';
import { listSessions } from '#shared/connections/password-safe/target-sessions.ts';
import type { Source, TargetSessions, VaultSession } from '#shared/connections/vault.ts';
import { termsOf } from '#test/support/terms.ts';
import { itemOf, leasesOf, openSite, pick, readsOf, type TestSite, textIn } from './site.ts';

const REVIEWER: SimulatedUser = { ...DEFAULT_APPLICATION, roles: ['requestor', 'isa', 'global-quarantine'] };
const APPLICATION_ID = 11;
const TERMS = { reason: 'checkout [x/y/0]', minutes: 15 };

const openReviewed = (options: PasswordSafeOptions = {}) => openSite({ users: [REVIEWER], ...options });

const ruleFor = (delivers: SessionType, access: 'request' | 'isa' = 'request'): Source => ({
  source: 'accounts',
  delivers,
  access,
});

const itemFor = (site: TestSite, type: SessionType, kind: 'plain' | 'approval' = 'plain') =>
  itemOf({ ...pick(site, kind), applicationId: APPLICATION_ID }, type);

const sessionsOf = ({ targetSessions }: VaultSession): TargetSessions => {
  if (targetSessions === undefined) throw new Error('The vault has target sessions.');
  return targetSessions;
};

/** Opens a request for the kind of session, and the session. */
const openOne = async (site: TestSite, session: VaultSession, type: SessionType = 'ssh-ticket') => {
  const [item, leases] = [itemFor(site, type), leasesOf(session, ruleFor(type))];
  const { id } = await leases.open(item, termsOf());
  return { id, read: await leases.read(id, item), again: () => leases.read(id, item) };
};

const TICKETS = ['ssh-ticket', 'rdp-ticket', 'application'] as const;
const FILES = ['rdp-file', 'application-file'] as const;

describe('a session', () => {
  it.each(TICKETS)('returns its ticket as the vault wrote it: %s', async (type) => {
    const site = await openReviewed();
    const { read } = await site.vault.session((session) => openOne(site, session, type));
    const ticket: { Ticket: string; SessionID: number } = JSON.parse(textIn(read));
    expect(ticket).toMatchObject({ Host: expect.any(String), Port: expect.any(String) });
    expect(read.targetSession).toBe(String(ticket.SessionID));
    expect(Object.hasOwn(ticket, 'Command')).toBe(type === 'ssh-ticket');
    expect(site.simulator.connect(ticket.Ticket)).toBe(true);
  });

  it.each(FILES)('returns its file byte for byte: %s', async (type) => {
    const site = await openReviewed();
    const { read } = await site.vault.session((session) => openOne(site, session, type));
    const [opened] = site.simulator.sessions();
    expect(read.targetSession).toBeUndefined();
    expect(textIn(read)).toMatch(/^screen mode id:i:2\r\n/);
    expect(textIn(read)).toContain(`username:s:${opened?.ticket}\r\n`);
  });

  it.each([...TICKETS, ...FILES])('is never printed: %s', async (type) => {
    const site = await openReviewed();
    const { read } = await site.vault.session((session) => openOne(site, session, type));
    expect(`${inspect(read, { depth: null, showHidden: true })}${JSON.stringify(read)}`).not.toContain('canary-');
  });

  it('is a new session for each call', async () => {
    const site = await openReviewed();
    await site.vault.session(async (session) => {
      const { read, again } = await openOne(site, session);
      expect(textIn(await again())).not.toBe(textIn(read));
    });
    expect(site.effects('session')).toBe(2);
  });

  it.each([
    ['waits for its approval', 'ApprovalPending'],
    ['was checked in', 'LeaseGone'],
    ['is for another access', 'RequestRejected'],
    ['belongs to another user', 'NotRequestable'],
  ] as const)('is not opened by a request that %s', async (which, name) => {
    const site = await openReviewed();
    const error = await site.failureOf(
      site.vault.session(async (session) => {
        const item = itemFor(site, 'ssh-ticket', which === 'waits for its approval' ? 'approval' : 'plain');
        const leases = leasesOf(session, ruleFor('ssh-ticket'));
        const { id } = await leases.open(item, termsOf());
        if (which === 'was checked in') await leases.close(id, 'done');
        if (which === 'belongs to another user') {
          site.simulator.faults.add({ kind: 'session', effect: { type: 'status', status: 403, body: '4031' } });
        }
        return leasesOf(session, ruleFor(which === 'is for another access' ? 'rdp-file' : 'ssh-ticket')).read(id, item);
      }),
    );
    expect([error.name, site.simulator.sessions()]).toEqual([name, []]);
  });

  it('is never requested twice if the answer, and its ticket, was lost', async () => {
    const site = await openReviewed();
    site.simulator.faults.add({ kind: 'session', effect: { type: 'reset', when: 'after' } });
    const error = await site.failureOf(site.vault.session((session) => openOne(site, session)));
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
  ] as const)('that is answered without %s is an error without that text', async (_, type, effect) => {
    const site = await openReviewed();
    site.simulator.faults.add({ kind: 'session', effect });
    const error = await site.failureOf(site.vault.session((session) => openOne(site, session, type)));
    expect(error.name).toBe('AnswerMalformed');
  });
});

describe('a session by the ISA role', () => {
  it.each([...TICKETS, ...FILES])('requires no request: %s', async (type) => {
    const site = await openReviewed();
    const read = await site.vault.session((session) =>
      readsOf(session, ruleFor(type, 'isa')).read(itemFor(site, type), TERMS),
    );
    expect(textIn(read)).toMatch(CANARY_PATTERN);
    expect([site.simulator.openRequests(), site.simulator.sessions().length]).toEqual([[], 1]);
    site.clock.now += 15 * 60_000;
    expect(site.simulator.connect(site.simulator.sessions()[0]?.ticket ?? '')).toBe(false);
  });

  it('is refused to a user without the role', async () => {
    const site = await openSite();
    const error = await site.failureOf(
      site.vault.session((session) =>
        readsOf(session, ruleFor('ssh-ticket', 'isa')).read(itemFor(site, 'ssh-ticket'), TERMS),
      ),
    );
    expect(error.name).toBe('NotRequestable');
    expect(error.message).toContain('ISA role');
  });
});

describe('open sessions', () => {
  it('are listed until they end, and ended once', async () => {
    const site = await openReviewed();
    await site.vault.session(async (session) => {
      const sessions = sessionsOf(session);
      const { id, read } = await openOne(site, session);
      await readsOf(session, ruleFor('rdp-file', 'isa')).read(itemFor(site, 'rdp-file'), TERMS);
      const { Ticket }: { Ticket: string } = JSON.parse(textIn(read));
      site.simulator.connect(Ticket);
      const item = itemFor(site, 'ssh-ticket').ref;
      expect(await sessions.list()).toEqual([
        { id: '1', leaseId: id, item },
        { id: '2', item },
      ]);
      expect([await sessions.end('1'), await sessions.end('1')]).toEqual([true, false]);
      expect(await sessions.list()).toMatchObject([{ id: '2' }]);
    });
  });

  it('are listed with their accounts and status', async () => {
    const site = await openReviewed();
    const { systemId, accountId } = pick(site);
    await site.vault.session(async (session) => {
      const { read } = await openOne(site, session);
      const { Ticket }: { Ticket: string } = JSON.parse(textIn(read));
      site.simulator.connect(Ticket);
    });
    const listed = await site.call(listSessions);
    expect(listed).toEqual([{ sessionId: 1, systemId, accountId, requestId: 1, status: 'in-progress' }]);
  });

  it('are distinguished from ended ones of a server that lists all', async () => {
    const site = await openReviewed();
    const rows = [0, 1, 2, 5, 7, 8, 9, 42].map((Status) => ({ SessionID: Status + 100, Status }));
    site.simulator.faults.add({ kind: 'sessions', effect: { type: 'wrong-shape', value: rows } });
    const listed = await site.call(listSessions);
    expect(listed.map(({ sessionId, status }) => [sessionId, status])).toEqual([
      [100, 'not-started'],
      [101, 'in-progress'],
      [105, 'locked'],
      [109, 'disconnected'],
    ]);
  });

  it('have numeric ids, and nothing else is sent to the vault', async () => {
    const site = await openReviewed();
    const end = site.vault.session((session) => sessionsOf(session).end('1/../../Auth'));
    await expect(end).rejects.toMatchObject({ name: 'ContractViolated' });
    expect(site.effects('terminate')).toBe(0);
  });

  const CALLS: readonly (readonly [string, string, (session: VaultSession) => Promise<unknown>])[] = [
    ['seen', 'Session Auditor', (session) => sessionsOf(session).list()],
    ['ended', 'Password Safe API Global Quarantine', (session) => sessionsOf(session).end('1')],
  ];
  it.each(CALLS)('cannot be %s without the permission, which the error names', async (_what, right, call) => {
    const site = await openSite();
    const error = await site.failureOf(site.vault.session(call));
    expect(error.name).toBe('PermissionMissing');
    expect(error.message).toContain(right);
  });
});

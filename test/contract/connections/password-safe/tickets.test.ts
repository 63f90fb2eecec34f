import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createReap } from '#functions/upkeep/reap/reap.ts';
import {
  DEFAULT_TICKET_SYSTEMS,
  type TicketSystem,
  type TicketVerification,
} from '#local/simulators/password-safe/tickets.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { RelayError } from '#shared/errors.ts';
import type { HttpOptions } from '#shared/http/http.ts';
import { closeAll } from '#shared/leases/close.ts';
import { type Marker, withMarker } from '#shared/leases/marker.ts';
import { markedAs } from '#shared/leases/ours.ts';
import { termsOf } from '#test/support/terms.ts';
import { openRelaySite, type RelaySite, type RelaySiteOptions } from './relay-site.ts';
import { ACCOUNTS, itemOf, leasesOf, pick } from './site.ts';

const RELAY_USER = DEFAULT_APPLICATION.userName;
const PERSON = DEFAULT_APPROVER.userName;
const USERS = [DEFAULT_APPLICATION, DEFAULT_APPROVER].map((user) => ({ ...user, groups: ['relays'] }));
const MINE = 'CHG-1';
const THEIRS = 'CHG-2';
const UNKNOWN = 'CHG-3';

/** The default ticket system verifies, the others do not. */
const verifying = (more: Partial<TicketVerification> = {}): TicketSystem[] =>
  DEFAULT_TICKET_SYSTEMS.map((system) =>
    system.isDefault
      ? {
          ...system,
          verification: {
            assignees: { [MINE]: RELAY_USER, [THEIRS]: PERSON },
            delayMs: 0,
            unreachable: null,
            ...more,
          },
        }
      : system,
  );

interface Options extends Pick<RelaySiteOptions, 'http'> {
  readonly runAs?: string;
  readonly verification?: Partial<TicketVerification>;
  readonly sleep?: () => Promise<void>;
}

const openTicketSite = ({ runAs, verification, sleep, http }: Options = {}): Promise<RelaySite> =>
  openRelaySite({
    site: { users: USERS, ticketSystems: verifying(verification), ...(sleep && { sleep }) },
    authentication: { type: 'oauth', ...(runAs !== undefined && { runAs }) },
    ...(http && { http }),
  });

/** Opens a request with a ticket, as a checkout does. Returns the user of the request, or the error. */
const open = (
  { vault, simulator }: RelaySite,
  ticket: string | undefined,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<string | RelayError | undefined> =>
  vault.session(async (session) => {
    const item = itemOf(pick({ simulator }));
    try {
      await leasesOf(session, { ...ACCOUNTS, ...settings }).open(item, termsOf({ ticket, whenHeld: 'refuse' }));
      return simulator.openRequests()[0]?.user.userName;
    } catch (thrown) {
      if (thrown instanceof RelayError) return thrown;
      throw thrown;
    }
  });

const posts = ({ simulator }: RelaySite) => simulator.audit.filter(({ kind }) => kind === 'request');

describe('a ticket system that verifies tickets', () => {
  it.each<
    [
      what: string,
      options: Options,
      ticket: string | undefined,
      settings: Readonly<Record<string, unknown>>,
      user: string,
    ]
  >([
    ['that is assigned to the user of the relay', {}, MINE, {}, RELAY_USER],
    ['that is assigned to the user to run as', { runAs: PERSON }, THEIRS, {}, PERSON],
    ['if the rule names a system that does not verify', {}, UNKNOWN, { ticketSystemId: 2 }, RELAY_USER],
    ['if no number is sent', {}, undefined, {}, RELAY_USER],
  ])('lets a request pass with a ticket %s', async (_what, options, ticket, settings, user) => {
    const site = await openTicketSite(options);
    expect(await open(site, ticket, settings)).toBe(user);
  });

  it.each<[what: string, options: Options, ticket: string]>([
    ['is assigned to a person', {}, THEIRS],
    ['is assigned to the user of the relay, which runs as a person', { runAs: PERSON }, MINE],
    ['does not exist', {}, UNKNOWN],
    ['has the name of a property', {}, 'constructor'],
  ])('refuses finally a ticket that %s, and the error names every remedy', async (_what, options, ticket) => {
    const site = await openTicketSite(options);
    const refused = await open(site, ticket);
    expect(refused).toMatchObject({ name: 'TicketRefused', retryable: false, mayHaveHappened: false });
    expect(String(refused)).toContain(`POST Requests was answered with 400. The vault refused the ticket "${ticket}"`);
    for (const remedy of ['Assign the ticket', 'authentication.runAs', 'ticketSystemId', 'sendNumber: false']) {
      expect(String(refused)).toContain(remedy);
    }
    expect(posts(site)).toHaveLength(1);
    expect(site.simulator.openRequests()).toEqual([]);
  });

  it.each([
    [400, 'TicketUnverified', false],
    [500, 'VaultUnavailable', true],
  ] as const)(
    'whose server is unreachable, which the vault reports with %i, is for the workflow to retry',
    async (unreachable, name, mayHaveHappened) => {
      const site = await openTicketSite({ verification: { unreachable } });
      expect(await open(site, MINE)).toMatchObject({ name, retryable: true, mayHaveHappened });
      // Each call would wait for the server again.
      expect(posts(site)).toHaveLength(1);
      expect(site.simulator.openRequests()).toEqual([]);
    },
  );
});

describe('a verification that outlasts the time-out of the call', () => {
  const marker: Marker = { relayId: 'relay', workflow: 'checkout', rule: 'changes', run: 'changes.a1', batch: 0 };
  const reason = withMarker('Patch the database', marker);

  /** Gives up while the ticket server is silent. `accept` makes the server answer, and the vault open the request. */
  const giveUp = async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    let deadline = new AbortController();
    const http: Partial<HttpOptions> = { deadline: () => deadline.signal };
    const sleep = () => {
      asked.resolve();
      return answer.promise;
    };
    const site = await openTicketSite({ verification: { delayMs: 60_000 }, sleep, http });
    const { vault, simulator } = site;
    await vault.session(async (session) => {
      const opened = leasesOf(session).open(itemOf(pick(site)), termsOf({ ticket: MINE, reason }));
      const failed = expect(opened).rejects.toMatchObject({
        name: 'AnswerTimedOut',
        retryable: true,
        mayHaveHappened: true,
      });
      await asked.promise;
      deadline.abort();
      await failed;
      deadline = new AbortController();
    });
    const accept = async () => {
      answer.resolve();
      await setImmediate();
      expect(simulator.openRequests()).toMatchObject([{ reason, ticket: { number: MINE } }]);
    };
    const checkIn = () => vault.session((session) => closeAll(leasesOf(session), [], markedAs(marker)));
    return { ...site, accept, checkIn };
  };

  it('leaves a request that the check-in of its run closes', async () => {
    const { simulator, accept, checkIn } = await giveUp();
    await accept();
    expect(await checkIn()).toMatchObject({ closed: [{ id: '1' }], failure: undefined });
    expect(simulator.openRequests()).toEqual([]);
  });

  it('and the check-in, leaves one that `reap` closes', async () => {
    const { simulator, vault, clock, accept, checkIn } = await giveUp();
    expect(await checkIn()).toEqual({ closed: [], failure: undefined });
    await accept();
    const reap = createReap({
      relayId: marker.relayId,
      connections: async () => ({ found: [{ connection: 'corp-vault', vault, rule: ACCOUNTS }], failures: [] }),
      endedAt: async () => clock.now,
      measure: async () => {},
      closeAbandoned: async () => ({ abandoned: 0, failures: [] }),
      now: () => clock.now,
    });
    expect(await reap()).toMatchObject({ reaped: 1 });
    expect(simulator.openRequests()).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineArn } from '#local/executions.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { type ServiceNowSimulator, startServiceNow } from '#local/simulators/ticket-systems/servicenow.ts';
import { LIVES } from '#local/tickets/lives.ts';
import { createTime, numberOf, playTickets, type TicketsRun } from '#local/tickets/play.ts';
import { createServiceDesk, ROUTE, TICKET_PREFIX, webhookUrl } from '#local/tickets/service-desk.ts';
import { startWorld, type World } from '#local/world.ts';

/** Verifications that do not reach the ticket server of the vault. */
let outages = 0;

const REFUSED = 'CHG9000002';

/** Lives that the real steps have to show. The rules of all others are proved without them. */
const NAMES = [
  'approved before its window, and closed in it',
  'shortened',
  'reverted, and approved again',
  'longer than the rule allows',
  'told only at its end',
  'forged',
] as const;
const PLAYED = NAMES.flatMap((name) => LIVES.find((life) => life.name === name) ?? []);

/** A ticket system of the vault that verifies. */
const TICKET_SYSTEM = {
  id: 1,
  name: 'Change management',
  active: true,
  isDefault: true,
  verification: {
    assignees: {
      ...Object.fromEntries(PLAYED.map((_, index) => [numberOf(index), DEFAULT_APPLICATION.userName])),
      CHG9000001: DEFAULT_APPLICATION.userName,
      [REFUSED]: DEFAULT_APPROVER.userName,
    },
    delayMs: 0,
    /** Each verification of an outage uses up one. */
    get unreachable() {
      if (outages === 0) return null;
      outages -= 1;
      return 400 as const;
    },
  },
};

const MINUTE = 60_000;
const AUTHORIZATION = `Basic ${Buffer.from('relay:desk').toString('base64')}`;
const CREDENTIALS = 'tickets/servicenow';

describe('the changes of a ticket system', () => {
  let world: World;
  let desk: ServiceNowSimulator;
  let played: TicketsRun;
  beforeAll(async () => {
    desk = await startServiceNow({ authorizations: [AUTHORIZATION] });
    world = await startWorld({
      accounts: 40,
      seed: 5,
      waitScale: 0,
      takesTickets: true,
      ticketSystems: [TICKET_SYSTEM],
      configure: (config) => {
        config.deleteIn(['syncs']);
        const system = { type: 'servicenow', url: desk.url, ca: desk.caPem, credentials: CREDENTIALS };
        config.setIn(['ticketSystems', 'servicenow'], config.createNode(system));
        config.setIn(['webhooks', ROUTE, 'ticketSystem'], 'servicenow');
        config.setIn(['webhooks', ROUTE, 'comments'], true);
        config.setIn(['webhooks', ROUTE, 'looksEveryMinutes'], 15);
      },
    });
    world.aws.secretsManager.handle('CreateSecret', {
      Name: CREDENTIALS,
      ClientRequestToken: crypto.randomUUID(),
      SecretString: JSON.stringify({ user: 'relay', password: 'desk' }),
    });
    for (const [index] of PLAYED.entries()) desk.set(numberOf(index), { state: '-1' });
    played = await playTickets(world, PLAYED, () => {});
    await commented();
  });
  afterAll(async () => {
    await world.close();
    await desk.close();
  });

  const lifeNamed = (name: (typeof NAMES)[number]): string => numberOf(NAMES.indexOf(name));
  const commented = () => world.aws.eventSources.drained('local-comments');
  const isOpen = (number: string): boolean =>
    Object.keys(world.aws.secretsManager.currentValues()).some((name) => name.startsWith(`${TICKET_PREFIX}${number}.`));

  it('lead to their access at every moment of their lives, and to none after them', () => {
    expect(played).toEqual({ figures: { opened: 4, closed: 4, refused: 1, leftOpen: 0 }, broken: [] });
    expect(world.vault.openRequests()).toEqual([]);
    expect(world.vault.openSessions()).toEqual([]);
  });

  it('are told when their access opens and closes, and the change of the credential', () => {
    expect(desk.workNotes(lifeNamed('approved before its window, and closed in it'))).toEqual([
      expect.stringMatching(
        /^pam-relay: access is open until 20\d\d-\d\d-\d\d \d\d:\d\d UTC: \S+, in the store aws\.$/,
      ),
      expect.stringMatching(/^pam-relay: access was closed at .+ The credential was changed\.$/),
    ]);
    expect(desk.workNotes(lifeNamed('reverted, and approved again'))).toHaveLength(4);
  });

  it('are told why they are refused, and nothing if they asked for nothing', () => {
    expect(desk.workNotes(lifeNamed('longer than the rule allows'))).toEqual([
      expect.stringContaining('not accepted. Ticket CHG0000004: its window is longer than'),
    ]);
    for (const quiet of ['told only at its end', 'forged'] as const)
      expect(desk.workNotes(lifeNamed(quiet))).toEqual([]);
  });

  const at = (ms: number) => new Date(world.clock.now() + ms).toISOString().slice(0, 19).replace('T', ' ');
  const approve = async (number: string): Promise<void> => {
    const [account] = world.vault.accounts().filter(({ kind }) => kind === 'plain');
    desk.set(number, {
      state: '-1',
      approval: 'approved',
      start_date: at(0),
      end_date: at(60 * MINUTE),
      short_description: 'Patch the database',
      cmdb_ci: account?.systemName ?? '',
      account: account?.accountName ?? '',
    });
    expect(await createServiceDesk(world)(desk.get(number))).toBe(202);
    await world.aws.eventSources.drained('local-tickets');
  };

  it('open nothing for a ticket that the vault refuses, after one attempt', async () => {
    await approve(REFUSED);
    await createTime(world, () => {}).until(world.clock.now() + MINUTE);
    expect(world.vault.audit.filter(({ kind, status }) => kind === 'request' && status === 400)).toHaveLength(1);
    expect([isOpen(REFUSED), world.vault.openRequests()]).toEqual([false, []]);
    await commented();
    expect(desk.workNotes(REFUSED)).toEqual([expect.stringContaining('access could not be opened')]);
  });

  it('are closed by the next look if they were closed without a webhook, and open after an outage', async () => {
    const number = 'CHG9000001';
    const time = createTime(world, () => {});
    outages = 2;
    await approve(number);
    await time.until(world.clock.now() + 2 * MINUTE);
    expect([outages, isOpen(number)]).toEqual([0, true]);

    const look = () => world.aws.scheduler.fire(`look.${ROUTE}`, world.clock.now());
    expect(await look()).toMatchObject({ result: { ok: true } });
    await world.aws.eventSources.drained('local-tickets');
    expect(isOpen(number)).toBe(true);
    desk.set(number, { state: '4' });
    expect(await look()).toMatchObject({ result: { ok: true } });
    await world.aws.eventSources.drained('local-tickets');
    await time.until(world.clock.now() + MINUTE);
    expect(isOpen(number)).toBe(false);
    expect(world.vault.openRequests()).toEqual([]);
    await time.until(world.clock.now() + 120 * MINUTE);
    await commented();
    expect(desk.workNotes(number)).toHaveLength(2);
  });

  it('leave no credential anywhere, and need no permission that they lack', async () => {
    const notes = PLAYED.flatMap((_, index) => desk.workNotes(numberOf(index)));
    const leaks = await world.findLeaks({ where: 'comments', content: Buffer.from(notes.join('\n')) });
    expect(leaks).toEqual([]);
    expect(world.aws.permissions.denials).toEqual([]);
  });

  it('are answered with 404 on another path, and queue nothing', async () => {
    const response = await fetch(`${webhookUrl(world)}x`, { method: 'POST', body: '{}' });
    expect([response.status, await response.text()]).toEqual([404, '{"message":"Not Found"}']);
    await world.aws.eventSources.drained('local-tickets');
    expect(
      world.aws.stepFunctions.list(machineArn(world, 'checkout')).filter(({ status }) => status === 'RUNNING'),
    ).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, startCheckoutWorld, vary } from '#test/support/checkout-world.ts';

let world: CheckoutWorld;
let account: FleetAccount;
let withPassphrase: FleetAccount;
beforeAll(async () => {
  world = await startCheckoutWorld({
    rule: { confirmMinutes: 10 },
    rules: {
      keys: { delivers: 'dsskey', value: { key: '{credential}', passphrase: '{passphrase}' } },
      ssh: { delivers: 'ssh-ticket' },
      rdp: { delivers: 'rdp-ticket' },
      'rdp-file': { delivers: 'rdp-file' },
      app: { delivers: 'application' },
      'app-file': { delivers: 'application-file' },
      isa: { access: 'isa' },
      'isa-ssh': { access: 'isa', delivers: 'ssh-ticket' },
      unchanged: { rotateOnCheckIn: false },
      recoverable: { retire: 'recoverable' },
    },
    populate: vary({ applicationId: 77, applicationDisplayName: 'Console' }, { dssKey: 'openssh-encrypted' }),
  });
  account = world.plain(0);
  withPassphrase = world.plain(1);
  world.vault.changeUser('pam-relay', { roles: ['requestor', 'isa', 'global-quarantine'] });
});
afterAll(() => world.close());
afterEach(async () => {
  world.vault.switches.changeFailureRate = 0;
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.vault.openSessions()).toEqual([]);
  expect(await world.unclosedForGood()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
  // Lets the vault change the credential before the next test requests it.
  world.advance(10);
});

const deliveredBy = (id: string, checkout: string): string => {
  const [value] = Object.values(world.delivered(id, checkout));
  if (value === undefined) throw new Error(`${checkout}.${id} delivered nothing.`);
  return value;
};

/** Sessions that are in use, or that a ticket still opens. */
const openSessions = () => world.vault.sessions().filter(({ endedAt }) => endedAt === null);

const ticketIn = (value: string): string =>
  value.startsWith('{') ? JSON.parse(value).Ticket : (/^username:s:(.+?)\r$/m.exec(value)?.[1] ?? '');

describe('the change after a check-in', () => {
  it('is waited for until the vault shows it', async () => {
    const before = world.credentialOf(account);
    world.vault.switches.changeDelayMs = 4 * 60_000;
    const execution = world.checkOut('slow', [account]);
    await world.waits(execution);
    world.advance(60);
    expect(await world.waits(execution)).toBeLessThanOrEqual(1);
    expect(world.credentialOf(account)).toBe(before);
    expect(world.delivered('slow')).toEqual({});

    const closed = world.clock.now();
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect((world.clock.now() - closed) / 60_000).toBeCloseTo(4, 0);
    expect(world.credentialOf(account)).not.toBe(before);
    world.vault.switches.changeDelayMs = 30_000;
  });

  it('that fails sends an alert, and keeps nothing open', async () => {
    world.vault.switches.changeFailureRate = 1;
    const execution = world.checkOut('stuck', [account]);
    await world.waits(execution);
    world.advance(60);
    await world.waits(execution);
    const closed = world.clock.now();
    const note = expect.stringContaining('has not shown that it changed the credential');
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [note] });
    expect((world.clock.now() - closed) / 60_000).toBeCloseTo(10, 0);
    expect(await world.reportOf('stuck')).toMatchObject({ status: 'completed', notes: [note] });
    expect(await world.notifications('stuck')).toEqual([note]);
  });

  it('is neither requested nor waited for if the rule disables it', async () => {
    const before = world.credentialOf(account);
    const execution = world.checkOut('same', [account], { checkout: 'unchanged' });
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    world.advance(60);
    expect(await world.waits(execution)).toBeUndefined();
    world.advance(60);
    expect(world.credentialOf(account)).toBe(before);
  });
});

it('a key is delivered with its passphrase', async () => {
  const execution = world.checkOut('K1', [withPassphrase], { checkout: 'keys' });
  await world.waits(execution);
  const { key, passphrase } = JSON.parse(deliveredBy('K1', 'keys'));
  expect(key).toMatch(/^simulated key canary-.*-----END OPENSSH PRIVATE KEY-----/s);
  expect(passphrase).toContain('canary-');
  expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
  expect(world.delivered('K1', 'keys')).toEqual({});
});

it('a checkout of a key fails with a clear message if the account has none', async () => {
  const execution = world.checkOut('K2', [account], { checkout: 'keys' });
  expect(await world.finish(execution)).toMatchObject({ status: 'FAILED', error: 'NotFound' });
  expect(await world.notifications('K2', 'keys')).toEqual([expect.stringContaining('has no private key')]);
});

describe('a session', () => {
  it.each(['ssh', 'rdp', 'rdp-file', 'app', 'app-file'])(
    'by the rule %s is delivered by its ticket, and ended with the checkout although it is in use',
    async (checkout) => {
      const execution = world.checkOut('S1', [account], { checkout });
      expect(await world.waits(execution)).toBeCloseTo(60, 0);
      const ticket = ticketIn(deliveredBy('S1', checkout));
      expect(world.vault.connect(ticket)).toBe(true);
      expect(openSessions()).toHaveLength(1);

      // No credential was delivered: there is no change to wait for.
      world.advance(60);
      expect(await world.waits(execution)).toBeUndefined();
      expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
      expect(openSessions()).toEqual([]);
      expect(world.delivered('S1', checkout)).toEqual({});
    },
  );

  it.each(['ssh', 'rdp-file', 'isa-ssh'])('by the rule %s is ended by a release at once', async (checkout) => {
    const execution = world.checkOut('S2', [account], { checkout });
    await world.waits(execution);
    expect(world.vault.connect(ticketIn(deliveredBy('S2', checkout)))).toBe(true);

    expect(await world.finish(await world.release('S2', checkout))).toMatchObject({ status: 'released' });
    expect(openSessions()).toEqual([]);
    expect(world.delivered('S2', checkout)).toEqual({});
    expect(await world.finish(execution)).toMatchObject({ status: 'released' });
  });

  it('that the relay may not end is left to the vault, and its request is checked in', async () => {
    world.vault.changeUser('pam-relay', { roles: ['requestor'] });
    const execution = world.checkOut('S3', [account], { checkout: 'ssh' });
    await world.waits(execution);
    const ticket = ticketIn(deliveredBy('S3', 'ssh'));
    expect(await world.finish(execution)).toMatchObject({ status: 'completed' });
    expect(world.vault.connect(ticket)).toBe(false);
    world.vault.changeUser('pam-relay', { roles: ['requestor', 'isa', 'global-quarantine'] });
  });
});

describe('access by the ISA role', () => {
  const withRoles = async <T>(roles: readonly ('requestor' | 'isa')[], work: () => Promise<T>): Promise<T> => {
    world.vault.changeUser('pam-relay', { roles });
    try {
      return await work();
    } finally {
      world.vault.changeUser('pam-relay', { roles: ['requestor', 'isa', 'global-quarantine'] });
    }
  };

  it('delivers without a request, and retires the delivered secrets', () =>
    withRoles(['isa'], async () => {
      const requestsBefore = world.callsFor('Requests', account);
      const execution = world.checkOut('I1', [account], { checkout: 'isa' });
      expect(await world.waits(execution)).toBeCloseTo(60, 0);
      expect(deliveredBy('I1', 'isa')).toBe(world.credentialOf(account));
      expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
      expect(world.callsFor('Requests', account)).toBe(requestsBefore);
      expect(world.delivered('I1', 'isa')).toEqual({});
    }));

  it('is extended no further than the rule allows', async () => {
    const execution = world.checkOut('I2', [account], { checkout: 'isa' });
    await world.waits(execution);
    await world.extend('I2', world.clock.now() + 6000 * 60_000, 'isa');
    world.advance(60);
    expect(await world.waits(execution)).toBeCloseTo(60, 0);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
  });

  it('opens sessions, too, and ends them', async () => {
    const execution = world.checkOut('I3', [account], { checkout: 'isa-ssh' });
    await world.waits(execution);
    expect(world.vault.connect(ticketIn(deliveredBy('I3', 'isa-ssh')))).toBe(true);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    expect(openSessions()).toEqual([]);
  });
});

it('delivered secrets can be recovered for a week if the rule says so', async () => {
  const execution = world.checkOut('R1', [account], { checkout: 'recoverable' });
  await world.waits(execution);
  const [name = ''] = Object.keys(world.delivered('R1', 'recoverable'));
  expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
  expect(world.aws.secretsManager.handle('DescribeSecret', { SecretId: name })).toHaveProperty('DeletedDate');
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Execution } from '#local/aws/step-functions/step-functions.ts';
import { machineArn } from '#local/executions.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type CheckoutWorld, RULE, startCheckoutWorld, vary } from '#test/support/checkout-world.ts';

let world: CheckoutWorld;
let account: FleetAccount;
let approved: FleetAccount;
beforeAll(async () => {
  world = await startCheckoutWorld({
    rule: { confirmMinutes: 10 },
    rules: { ssh: { delivers: 'ssh-ticket' } },
    populate: (fleet) => vary({}, { policy: fleet.find(({ kind }) => kind === 'approval')?.policy ?? null })(fleet),
  });
  account = world.plain(0);
  approved = world.plain(1);
  world.vault.changeUser('pam-relay', { roles: ['requestor', 'isa', 'global-quarantine'] });
});
afterAll(() => world.close());

const stop = async ({ arn }: Execution): Promise<void> => {
  world.aws.stepFunctions.stop(arn);
  await world.aws.stepFunctions.settled(arn);
};

/** Two scheduled runs of `reap`, with the releases that they start. */
const reap = async (): Promise<void> => {
  for (let run = 0; run < 2; run += 1) {
    await world.runReap();
    for (const release of world.executions('release')) await world.finish(release);
    world.advance(60);
  }
};

const expectNothingLeft = async (id: string, checkout?: string) => {
  expect(world.vault.openRequests()).toEqual([]);
  expect(world.delivered(id, checkout)).toEqual({});
  expect(await world.unclosed()).toEqual([]);
  expect(await world.findLeaks()).toEqual([]);
};

describe('a checkout whose execution is stopped leaves nothing open after reap', () => {
  it('while it waits for an approval', async () => {
    const execution = world.checkOut('pending', [approved]);
    await world.waits(execution);
    await stop(execution);
    expect(world.vault.openRequests()).toHaveLength(1);
    await reap();
    await expectNothingLeft('pending');
    expect(await world.reportOf('pending')).toMatchObject({ status: 'abandoned' });
    expect(await world.notifications('pending')).toHaveLength(1);
  });

  it('while it holds a delivered credential that is changed on check-in', async () => {
    const before = world.credentialOf(account);
    const execution = world.checkOut('holding', [account]);
    await world.waits(execution);
    expect(Object.values(world.delivered('holding'))).toEqual([before]);
    await stop(execution);
    await reap();
    await expectNothingLeft('holding');
    expect(world.credentialOf(account)).not.toBe(before);
    expect(await world.notifications('holding')).toEqual([expect.not.stringContaining('has not shown')]);
  });

  it('while it holds a session that is in use', async () => {
    const execution = world.checkOut('inside', [account], { checkout: 'ssh' });
    await world.waits(execution);
    const [ticket = ''] = Object.values(world.delivered('inside', 'ssh')).map((value) => JSON.parse(value).Ticket);
    expect(world.vault.connect(ticket)).toBe(true);
    await stop(execution);
    await reap();
    await expectNothingLeft('inside', 'ssh');
    expect(world.vault.sessions().filter(({ endedAt }) => endedAt === null)).toEqual([]);
  });

  it('while it checks in', async () => {
    const execution = world.checkOut('closing', [account]);
    await world.waits(execution);
    const checkIns = world.callsFor('Requests/{id}/Checkin', account);
    world.vault.faults.add({ kind: 'checkin', effect: { type: 'endless' } });
    world.advance(60);
    await vi.waitFor(() => expect(world.callsFor('Requests/{id}/Checkin', account)).toBe(checkIns + 1), {
      timeout: 30_000,
    });
    await stop(execution);
    await world.aws.functions.kill('local-checkout-checkin');
    expect(world.delivered('closing')).toEqual({});
    expect(await world.unclosed()).toHaveLength(1);
    await reap();
    await expectNothingLeft('closing');
  });

  it('while it waits for the change after its check-in', async () => {
    const execution = world.checkOut('closed', [account]);
    await world.waits(execution);
    world.advance(60);
    expect(await world.waits(execution)).toBeLessThanOrEqual(1);
    await stop(execution);
    expect(await world.unclosed()).toHaveLength(1);
    await reap();
    await expectNothingLeft('closed');
  });
});

describe('a checkout that could not retire its delivered secrets', () => {
  it('fails, sends an alert, and its secrets are deleted as soon as the store allows it', async () => {
    const execution = world.checkOut('denied', [account]);
    await world.waits(execution);
    world.aws.secretsManager.faults.denyAction('DeleteSecret');
    expect(await world.finish(execution)).toMatchObject({ status: 'FAILED', error: 'StoreDenied' });
    expect(world.vault.openRequests()).toEqual([]);
    expect(await world.notifications('denied')).toEqual([expect.stringContaining('checkout tickets.denied failed')]);
    await reap();
    expect(Object.keys(world.delivered('denied'))).toHaveLength(1);

    world.aws.secretsManager.faults.clear();
    await reap();
    await expectNothingLeft('denied');
    expect(await world.reportOf('denied')).toMatchObject({ status: 'failed' });
  });
});

describe('a checkout whose vault refuses the sign-in when its window ends', () => {
  const refuse = () =>
    world.vault.faults.add({
      kind: 'signIn',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'status', status: 401 },
    });

  it('still retires its delivered secrets, and reap checks in its lease once the vault accepts the sign-in', async () => {
    const execution = world.checkOut('refused', [account]);
    await world.waits(execution);
    refuse();
    expect(await world.finish(execution)).toMatchObject({ status: 'FAILED', error: 'SignInRefused' });
    expect(world.delivered('refused')).toEqual({});
    expect(await world.reportOf('refused')).toMatchObject({
      status: 'failed',
      notes: [expect.stringContaining('SignInRefused'), expect.stringContaining('leases are not checked in')],
    });
    expect(await world.notifications('refused')).toHaveLength(1);
    expect(world.vault.openRequests()).toHaveLength(1);

    await expect(world.runReap()).rejects.toThrow('SignInRefused');
    for (const release of world.executions('release')) await world.finish(release);
    world.advance(60);
    expect(await world.unclosed()).toHaveLength(1);
    expect(await world.notifications('refused')).toHaveLength(1);

    world.vault.faults.clear();
    await reap();
    await expectNothingLeft('refused');
    expect(await world.reportOf('refused')).toMatchObject({ status: 'failed' });
  });

  it('also retires them when its execution is stopped, by the release that reap starts', async () => {
    const execution = world.checkOut('refused-and-stopped', [account]);
    await world.waits(execution);
    refuse();
    await stop(execution);
    await expect(world.runReap()).rejects.toThrow('SignInRefused');
    for (const release of world.executions('release')) await world.finish(release);
    expect(world.delivered('refused-and-stopped')).toEqual({});
    world.vault.faults.clear();
    world.advance(60);
    await reap();
    await expectNothingLeft('refused-and-stopped');
  });

  it('retires them at once when the vault does not answer, without waiting for it', async () => {
    const execution = world.checkOut('silent', [account]);
    await world.waits(execution);
    world.vault.faults.add({
      kind: 'signIn',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'status', status: 503 },
    });
    const signIns = world.vault.audit.length;
    world.advance(60);
    await vi.waitFor(() => expect(world.vault.audit.length).toBeGreaterThan(signIns), { timeout: 30_000 });
    expect(world.delivered('silent')).toEqual({});
    world.vault.faults.clear();
    expect(await world.finish(execution)).toMatchObject({ status: 'completed' });
    await expectNothingLeft('silent');
  });
});

describe('a delivery attempt whose answer is lost, and that runs on beside its retry', () => {
  it('delivers nothing once the checkout is being closed', async () => {
    const execution = world.checkOut('lost', [account], { window: { minutes: 1 } });
    await world.waits(execution);
    const [request] = world.vault.openRequests();
    const reads = world.callsFor('Credentials/{id}', account);
    world.vault.faults.add({ kind: 'credential', effect: { type: 'delay', ms: 3000 } });
    const lease = { item: 0, id: String(request?.requestId), status: 'active' };
    const input = {
      ...{ workflow: 'checkout', rule: RULE, run: world.runOf('lost'), order: { type: 'checkout.requested' } },
      requested: { at: new Date(world.clock.now()).toISOString(), conflict: false, leases: [lease] },
    };
    const attempt = world.aws.functions.invoke('local-checkout-retrieve', JSON.stringify(input));
    await vi.waitFor(() => expect(world.callsFor('Credentials/{id}', account)).toBe(reads + 1), { timeout: 30_000 });
    world.advance(1);
    await world.waits(execution);
    expect(await attempt).toMatchObject({ ok: true });
    expect(world.delivered('lost')).toEqual({});
    await world.finish(execution);
    await reap();
    await expectNothingLeft('lost');
  });
});

describe('a release that is started manually, without a message', () => {
  it('cancels a checkout that waits for its window', async () => {
    const from = new Date(world.clock.now() + 90 * 60_000).toISOString();
    const execution = world.checkOut('by-hand', [account], { window: { from, minutes: 30 } });
    await world.waits(execution);
    const order = { type: 'checkout.released', checkout: RULE, run: world.runOf('by-hand') };
    const release = world.aws.stepFunctions.start(machineArn(world, 'release'), JSON.stringify(order), 'by-hand-1');
    await world.finish(release);
    expect(await world.finish(execution)).toEqual({ status: 'cancelled', notes: [] });
    await expectNothingLeft('by-hand');
  });
});

describe('reap', () => {
  it('leaves running checkouts alone', async () => {
    const execution = world.checkOut('runs', [account]);
    await world.waits(execution);
    await world.runReap();
    expect(world.vault.openRequests()).toHaveLength(1);
    expect(Object.keys(world.delivered('runs'))).toHaveLength(1);
    expect(await world.finish(execution)).toEqual({ status: 'completed', notes: [] });
    await expectNothingLeft('runs');
  });

  it('starts one release of a checkout, however often it runs', async () => {
    const execution = world.checkOut('often', [account]);
    await world.waits(execution);
    await stop(execution);
    const before = world.executions('release').length;
    await Promise.all([world.runReap(), world.runReap()]);
    await world.runReap();
    expect(world.executions('release').length).toBe(before + 1);
    for (const release of world.executions('release')) await world.finish(release);
    expect(world.delivered('often')).toEqual({});
    await reap();
    await expectNothingLeft('often');
  });

  it('retires what a function delivers after its execution was stopped', async () => {
    const execution = world.checkOut('late', [account]);
    await world.waits(execution);
    const [[name = '', value = ''] = []] = Object.entries(world.delivered('late'));
    await stop(execution);
    await world.runReap();
    for (const release of world.executions('release')) await world.finish(release);
    expect(world.delivered('late')).toEqual({});

    const owner = `local.000000000000.us-east-1/tickets`;
    world.aws.secretsManager.handle('CreateSecret', {
      Name: name,
      SecretString: value,
      ClientRequestToken: crypto.randomUUID(),
      Tags: [{ Key: 'pam-relay:owner', Value: owner }],
    });
    await reap();
    await expectNothingLeft('late');
  });
});

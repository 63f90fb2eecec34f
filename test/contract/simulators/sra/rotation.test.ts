import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICIES, type FleetAccount } from '#local/simulators/sra/fleet.ts';
import { fleetOf, START, startSite, VAULT } from './site.ts';

const DAY_MS = 86_400_000;
const WINDOWS = { type: 'windows_domain', userName: 'svc', groupId: 1, changedAt: START - DAY_MS } as const;

const oneAccount = async (overrides: Partial<FleetAccount>) => {
  const fleet = fleetOf(overrides);
  const id = fleet[0]?.id ?? 0;
  const site = await startSite({ fleet });
  const { post } = await site.caller();
  const act = async (name: string) => (await post(`${VAULT}/account/${id}/${name}`)).status;
  const eventTypes = () =>
    site.simulator.activity().map(({ eventType, data }) => (data === null ? eventType : `${eventType}: ${data}`));
  return { ...site, id, act, eventTypes };
};

describe('a rotation', () => {
  it('changes the credential later, and shows only in the activity', async () => {
    const { simulator, id, act, pass, eventTypes } = await oneAccount(WINDOWS);
    const before = simulator.credentialOf(id);
    expect(await act('rotate')).toBe(200);
    pass(59_999);
    expect([simulator.credentialOf(id), eventTypes()]).toEqual([before, ['Password Changed: Manually Edited']]);
    pass(1);
    expect(simulator.credentialOf(id)).not.toBe(before);
    expect(eventTypes().at(-1)).toBe('Password Rotated');
    expect(simulator.activity().at(-1)?.at).toBe(START + 60_000);
  });

  it('can fail late, or never run, and leaves the credential', async () => {
    const { simulator, id, act, pass, eventTypes } = await oneAccount(WINDOWS);
    const before = simulator.credentialOf(id);
    Object.assign(simulator.rotationOf(id), { result: 'fails', error: 'Access is denied.' });
    await act('rotate');
    pass(60_000);
    expect([simulator.credentialOf(id), eventTypes().at(-1)]).toEqual([
      before,
      'Password Rotation Failed: Access is denied.',
    ]);
    simulator.rotationOf(id).delayMs = Infinity;
    expect(await act('rotate')).toBe(200);
    pass(30 * DAY_MS);
    expect([simulator.changesOf(id), eventTypes().length]).toEqual([0, 2]);
  });

  it('is refused for what the appliance cannot change', async () => {
    const { act } = await oneAccount({ type: 'username_password' });
    expect(await act('rotate')).toBe(422);
  });

  it('follows a check-in, and the end of a session, where the policy says so', async () => {
    const { simulator, id, act, pass } = await oneAccount({ ...WINDOWS, groupId: 4 });
    expect(simulator.accounts()).toMatchObject([{ id, effectivePolicy: 'rotating', autoRotates: true }]);
    await act('check-out');
    pass(DAY_MS);
    expect(simulator.changesOf(id)).toBe(0);
    await act('check-in');
    pass(60_000);
    expect(simulator.changesOf(id)).toBe(1);
    simulator.endSession(simulator.startSession('lee', id).lsid);
    pass(60_000);
    expect(simulator.changesOf(id)).toBe(2);
  });

  it('happens at the age that the policy allows', async () => {
    const { simulator, id, pass } = await oneAccount({ ...WINDOWS, policy: 'monthly' });
    pass(29 * DAY_MS - 1);
    expect(simulator.changesOf(id)).toBe(0);
    pass(1);
    expect(simulator.changesOf(id)).toBe(0);
    pass(60_000);
    expect(simulator.changesOf(id)).toBe(1);
    pass(31 * DAY_MS);
    expect(simulator.changesOf(id)).toBe(1);
    pass(60_000);
    expect(simulator.changesOf(id)).toBe(2);
    expect(DEFAULT_POLICIES.find(({ codeName }) => codeName === 'monthly')?.maxAgeDays).toBe(30);
  });
});

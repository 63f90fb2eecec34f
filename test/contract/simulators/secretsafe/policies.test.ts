import { describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { rows, startServer } from './site.ts';

const fleet = createFleet({ members: 24, groups: 1, collections: 1, seed: 1 });
const alone = fleet.members.find(({ isInOtherOrganization }) => isInOtherOrganization)?.id ?? '';

describe('a policy', () => {
  it('exists once it was saved, and is replaced as a whole', async () => {
    const { call, get, simulator } = await startServer({ fleet });
    expect(rows(await get('/policies'))).toEqual([]);
    expect(await get('/policies/1')).toMatchObject({ status: 404, text: '' });
    const data = { minLength: 14, requireUpper: true };
    const saved = await call('PUT', '/policies/1', { enabled: true, data });
    expect(saved).toMatchObject({ status: 200, json: { object: 'policy', type: 1, enabled: true, data } });
    expect((await call('PUT', '/policies/1', { enabled: false })).json).toMatchObject({ enabled: false, data: null });
    const wrong = async (type: number, fields: object) => (await call('PUT', `/policies/${type}`, fields)).status;
    expect(await wrong(1, { enabled: true, data: { minLength: 4 } })).toBe(400);
    expect(await wrong(23, { enabled: true })).toBe(400);
    expect(await wrong(2, {})).toBe(400);
    expect(await get('/policies/x')).toMatchObject({ status: 400 });
    simulator.switches.plan = { ...simulator.switches.plan, policies: false };
    expect(await wrong(2, { enabled: true })).toBe(400);
    expect(rows(await get('/policies'))).toHaveLength(1);
    expect(simulator.addedEvents().map(({ type }) => type)).toEqual([1700, 1700]);
  });

  it('needs the one that it builds on, which stays while it is needed', async () => {
    const { call, simulator } = await startServer({ fleet });
    const put = async (type: number, enabled: boolean) => (await call('PUT', `/policies/${type}`, { enabled })).status;
    expect([await put(4, true), await put(3, true), await put(4, true), await put(3, false)]).toEqual([
      400, 200, 200, 400,
    ]);
    expect([await put(4, false), await put(3, false)]).toEqual([200, 200]);
    expect(await put(19, true)).toBe(400);
    simulator.switches.claimedDomain = true;
    expect(await put(19, true)).toBe(200);
  });

  it('revokes at once whom it excludes, and forbids to restore them', async () => {
    const { call, simulator } = await startServer({ fleet });
    const events = () => simulator.addedEvents().map(({ type, memberId }) => [type, memberId]);
    simulator.savePolicy(0, true);
    expect(events()).toEqual([
      [1700, undefined],
      [1520, alone],
    ]);
    expect(await call('POST', `/members/${alone}/restore`)).toMatchObject({ status: 400 });
    simulator.savePolicy(0, false);
    expect(await call('POST', `/members/${alone}/restore`)).toMatchObject({ status: 200 });
    await call('PUT', '/policies/3', { enabled: true });
    expect(events().slice(3)).toEqual([
      [1512, alone],
      [1700, undefined],
      [1521, alone],
    ]);
    expect(simulator.policies()).toMatchObject([
      { type: 0, enabled: false },
      { type: 3, enabled: true },
    ]);
  });
});

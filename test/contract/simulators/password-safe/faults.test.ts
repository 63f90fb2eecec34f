import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import { type Caller, fleetOf, pickKind, requestFor, startSite, type TestSite } from './site.ts';

const FLEET = fleetOf({}, {});
const ACCOUNT = pickKind(FLEET, 'plain');

const startFaulty = async (effect: FaultEffect): Promise<{ site: TestSite; caller: Caller }> => {
  const site = await startSite({ fleet: FLEET });
  const caller = await site.signIn();
  site.simulator.faults.add({ kind: 'request', effect });
  return { site, caller };
};

const isOpen = (site: TestSite): boolean => site.simulator.openRequests().length === 1;
const openRequest = (caller: Caller) => caller.post('Requests', requestFor(ACCOUNT));

describe('a fault that answers', () => {
  test('with a status keeps the call from the site, unless it says otherwise', async () => {
    const effect: FaultEffect = {
      type: 'status',
      status: 503,
      body: '<busy>',
      contentType: 'text/html',
      headers: { 'x-a': 'b' },
    };
    const before = await startFaulty(effect);
    expect(await openRequest(before.caller)).toMatchObject({
      status: 503,
      text: '<busy>',
      headers: { 'content-type': 'text/html', 'x-a': 'b' },
    });
    expect(isOpen(before.site)).toBe(false);
    const after = await startFaulty({ ...effect, when: 'after' });
    expect((await openRequest(after.caller)).status).toBe(503);
    expect(isOpen(after.site)).toBe(true);
  });

  test.each([
    ['with', { type: 'rate-limited', retryAfter: '7' }, '7'],
    ['without', { type: 'rate-limited' }, undefined],
  ] satisfies [string, FaultEffect, string | undefined][])(
    '429 comes %s Retry-After',
    async (_how, effect, retryAfter) => {
      const { site, caller } = await startFaulty(effect);
      const answer = await openRequest(caller);
      expect([answer.status, answer.headers['retry-after']]).toEqual([429, retryAfter]);
      expect(isOpen(site)).toBe(false);
    },
  );

  test.each([
    ['malformed', '{"RequestID": 12', 201, 'application/json; charset=utf-8'],
    ['wrong-shape', '{"Unexpected":[true]}', 201, 'application/json; charset=utf-8'],
  ] as const)('with something %s has had its effect', async (type, text, status, contentType) => {
    const { site, caller } = await startFaulty({ type });
    const answer = await openRequest(caller);
    expect(answer).toMatchObject({ status, text });
    expect(answer.headers['content-type']).toBe(contentType);
    expect(isOpen(site)).toBe(true);
  });

  test('with a login page has no effect', async () => {
    const { site, caller } = await startFaulty({ type: 'wrong-content-type' });
    expect(await openRequest(caller)).toMatchObject({ status: 200, text: expect.stringContaining('<html>') });
    expect(isOpen(site)).toBe(false);
  });

  test('in another charset declares it', async () => {
    const { caller } = await startFaulty({ type: 'wrong-charset' });
    const answer = await openRequest(caller);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-16');
    expect(answer.text).toMatch(/^\d\0/);
  });

  test('with a given shape returns it', async () => {
    const { caller } = await startFaulty({ type: 'wrong-shape', value: ['1'] });
    expect((await openRequest(caller)).text).toBe('["1"]');
  });

  test('with a huge body sends that many bytes of well-formed JSON', async () => {
    const { site, caller } = await startFaulty({ type: 'huge', bytes: 3_000_000 });
    const answer = await openRequest(caller);
    expect(answer.headers['content-length']).toBeUndefined();
    expect(answer.text).toHaveLength(3_000_000);
    expect(JSON.parse(answer.text)).toMatch(/^x+$/);
    expect(isOpen(site)).toBe(true);
  });
});

describe('a fault that breaks the connection', () => {
  test.each([
    ['before', false],
    ['after', true],
  ] as const)('by a reset %s the effect', async (when, opened) => {
    const { site, caller } = await startFaulty({ type: 'reset', when });
    await expect(openRequest(caller)).rejects.toThrow(/closed|reset|socket/);
    expect(isOpen(site)).toBe(opened);
    expect(site.simulator.audit.at(-1)).toMatchObject({ status: 0, tookEffect: opened, fault: 'reset' });
  });

  test('in the middle of a body, or without a body', async () => {
    const { site, caller } = await startFaulty({ type: 'cut-off' });
    await expect(openRequest(caller)).rejects.toThrow(/closed|terminated|aborted/);
    expect(isOpen(site)).toBe(true);
    site.simulator.faults.add({ kind: 'checkin', effect: { type: 'cut-off' } });
    await expect(caller.put('Requests/1/Checkin')).rejects.toThrow(/closed|terminated|aborted/);
    expect(isOpen(site)).toBe(false);
  });

  test('never, but sends bytes until the caller disconnects', async () => {
    const site = await startSite();
    site.simulator.faults.add({ effect: { type: 'endless' } });
    const agent = new Agent({ connect: { ca: site.simulator.caPem } });
    onTestFinished(() => agent.destroy());
    const { body } = await request(`${site.simulator.url}/Requests`, { dispatcher: agent });
    let chunks = 0;
    for await (const chunk of body) {
      expect(chunk.toString().trim()).toBe('');
      chunks += 1;
      if (chunks === 3) break;
    }
    expect(chunks).toBe(3);
  });
});

describe('a fault that delays', () => {
  const DELAY_MS = 40;
  const TIMER_SLACK_MS = 2;

  /** Milliseconds until the call took effect, and from there until its answer. */
  const waits = async (effect: FaultEffect): Promise<{ toEffect: number; toAnswer: number }> => {
    const site = await startSite({ fleet: FLEET, now: Date.now });
    const caller = await site.signIn();
    site.simulator.faults.add({ kind: 'request', effect });
    const sentAt = Date.now();
    expect((await openRequest(caller)).status).toBe(201);
    const effectAt = site.simulator.audit.at(-1)?.at ?? 0;
    return { toEffect: effectAt - sentAt, toAnswer: Date.now() - effectAt };
  };

  test('delays after the effect by default', async () => {
    const { toAnswer } = await waits({ type: 'delay', ms: DELAY_MS });
    expect(toAnswer).toBeGreaterThanOrEqual(DELAY_MS - TIMER_SLACK_MS);
  });

  test('delays before the effect if requested', async () => {
    const { toEffect } = await waits({ type: 'delay', ms: DELAY_MS, when: 'before' });
    expect(toEffect).toBeGreaterThanOrEqual(DELAY_MS - TIMER_SLACK_MS);
  });
});

describe('the calls that a fault hits', () => {
  const statuses = async (caller: Caller, count: number): Promise<number[]> => {
    const answers: number[] = [];
    for (let call = 0; call < count; call += 1) answers.push((await caller.get('ManagedAccounts?limit=1')).status);
    return answers;
  };
  const effect: FaultEffect = { type: 'status', status: 500 };

  test('are selected by number and count', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    site.simulator.faults.add({ kind: 'list', nth: 2, times: 2, effect }, { kind: 'token', effect });
    expect(await statuses(caller, 5)).toEqual([200, 500, 500, 200, 200]);
  });

  test('are selected by the account of a request, a credential or a check-in', async () => {
    const site = await startSite({ fleet: FLEET });
    const caller = await site.signIn();
    for (const account of FLEET) await caller.post('Requests', requestFor(account));
    const { accountId } = ACCOUNT;
    site.simulator.faults.add({ accountId, times: Number.POSITIVE_INFINITY, effect });
    const ask = async (id: number) => [
      (await caller.get(`Credentials/${id}`)).status,
      (await caller.put(`Requests/${id}/Checkin`)).status,
    ];
    expect(await ask(1)).toEqual([500, 500]);
    expect(await ask(2)).toEqual([200, 204]);
    expect((await openRequest(caller)).status).toBe(500);
  });

  test('are empty after clearing', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    site.simulator.faults.add({ effect, times: 10 });
    expect(await statuses(caller, 1)).toEqual([500]);
    site.simulator.faults.clear();
    expect(await statuses(caller, 1)).toEqual([200]);
  });
});

import { describe, expect, it } from 'vitest';
import { startServer } from './site.ts';

describe('the limits', () => {
  it('are by the minute and by the second, tell when they end, and can be off', async () => {
    const switches = { throttling: 'on', readsPerMinute: 3, writesPerSecond: 1 } as const;
    const { get, call, pass, simulator } = await startServer({ switches });
    const read = async () => {
      const { status, headers } = await get('/policies');
      return [status, headers['x-rate-limit-remaining'], headers['retry-after']];
    };
    expect(await read()).toEqual([200, '2', undefined]);
    pass(10_000);
    expect(await read()).toEqual([200, '1', undefined]);
    expect(await read()).toEqual([200, '0', undefined]);
    expect(await read()).toEqual([429, '0', '50']);
    const refused = await get('/policies');
    expect(refused).toMatchObject({
      json: { object: 'error', message: expect.stringContaining('Slow down'), validationErrors: null },
      headers: { 'x-rate-limit-limit': '1m', 'x-rate-limit-reset': '2026-03-01T12:01:00.000Z' },
    });
    Object.assign(simulator.switches, { retryAfter: 'absent', rateLimitHeader: 'number' });
    expect((await get('/policies')).headers).toMatchObject({ 'x-rate-limit-limit': '3' });
    expect(await read()).toEqual([429, '0', undefined]);
    simulator.switches.rateHeaders = 'absent';
    const put = async () => (await call('PUT', '/policies/2', { enabled: true })).status;
    expect([await put(), await put()]).toEqual([200, 429]);
    pass(1000);
    expect(await put()).toBe(200);
    pass(49_000);
    expect((await read())[0]).toBe(200);
    simulator.switches.throttling = 'off';
    expect([await put(), await put()]).toEqual([200, 200]);
  });

  it('count token requests apart, and all calls together', async () => {
    const switches = { throttling: 'on', tokensPerMinute: 1, callsPerMinute: 2 } as const;
    const { get, askToken, simulator } = await startServer({ switches });
    expect([(await askToken()).status, (await askToken()).status]).toEqual([200, 429]);
    expect([(await get('/policies')).status, (await get('/groups')).status, (await get('/members')).status]).toEqual([
      200, 200, 429,
    ]);
    expect(simulator.audit.map(({ status }) => status)).toEqual([200, 429, 200, 200, 429]);
  });
});

describe('a fault', () => {
  it('strikes before or after the effect of the calls that it names', async () => {
    const { call, simulator } = await startServer();
    const [, , member] = simulator.members();
    const id = member?.id ?? '';
    simulator.faults.add(
      { kind: 'revoke', id, effect: { type: 'reset', when: 'before' } },
      { kind: 'revoke', id, nth: 2, effect: { type: 'reset', when: 'after' } },
      { kind: 'import', effect: { type: 'status', status: 500 } },
    );
    await expect(call('POST', `/members/${id}/revoke`)).rejects.toThrow();
    expect(simulator.members()[2]?.status).toBe(0);
    await expect(call('POST', `/members/${id}/revoke`)).rejects.toThrow();
    expect(simulator.members()[2]?.status).toBe(-1);
    expect(await call('POST', '/organization/import', {})).toMatchObject({ status: 500, json: { object: 'error' } });
    expect(simulator.audit).toMatchObject([
      { kind: 'revoke', id, status: 0, tookEffect: false, changes: 0, fault: 'reset' },
      { kind: 'revoke', template: 'api/public/members/{id}/revoke', status: 0, tookEffect: true, changes: 1 },
      { kind: 'import', status: 500, tookEffect: false, token: undefined },
    ]);
  });

  it('can be any answer of a proxy, a slow one or a broken one', async () => {
    const { get, send, askToken, simulator } = await startServer({ sleep: async () => undefined });
    simulator.faults.add(
      { effect: { type: 'rate-limited', retryAfter: '9' } },
      { nth: 2, effect: { type: 'rate-limited' } },
      { nth: 3, effect: { type: 'status', status: 502, body: 'Bad Gateway', contentType: 'text/plain' } },
      { nth: 4, effect: { type: 'status', status: 403, body: '<html></html>', contentType: 'text/html' } },
      { nth: 5, effect: { type: 'wrong-content-type' } },
      { nth: 6, effect: { type: 'malformed' } },
      { nth: 7, effect: { type: 'cut-off' } },
      { nth: 8, effect: { type: 'delay', ms: 60_000 } },
      { kind: 'token', effect: { type: 'status', status: 500 } },
    );
    const list = () => get('/members');
    expect(await list()).toMatchObject({ status: 429, headers: { 'retry-after': '9' } });
    expect((await list()).headers).not.toHaveProperty('retry-after');
    expect(await list()).toMatchObject({ status: 502, text: 'Bad Gateway' });
    expect(await list()).toMatchObject({ status: 403, headers: { 'content-type': 'text/html' } });
    expect(await list()).toMatchObject({ status: 200, headers: { 'content-type': 'text/html' } });
    expect(await list()).toMatchObject({ status: 200, json: undefined });
    await expect(list()).rejects.toThrow();
    expect(await list()).toMatchObject({ status: 200, json: { object: 'list' } });
    expect(await askToken()).toMatchObject({ status: 500 });
    await send('GET', '/api/public/nowhere', { headers: { connection: 'close' } });
    expect(simulator.audit.at(-1)).toMatchObject({
      kind: 'other',
      template: '/api/public/nowhere',
      status: 404,
      closesConnection: true,
    });
    expect(await send('DELETE', '/api/public/members')).toMatchObject({ status: 401 });
    expect(simulator.load().calls).toBe(11);
  });
});

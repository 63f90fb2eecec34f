import { request } from 'undici';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startIssuer } from '#local/aws/sts/issuer.ts';
import { startOpenBao } from '#local/simulators/openbao/server.ts';
import { DEFAULT_SWITCHES } from '#local/simulators/openbao/switches.ts';
import { ABSENT, answered, DENIED, gone, NO_CONTENT, read, refused, UNAUTHENTICATED, written } from './answers.ts';
import { createBench } from './bench.ts';
import { trusting } from './trusting.ts';

const clock = { now: Date.parse('2026-11-28T00:00:00Z') };
const simulator = await startOpenBao({ now: () => clock.now });
const { dispatcher, close } = trusting(simulator.caPem);
const issuer = await startIssuer();
afterAll(async () => {
  await close();
  await issuer.close();
  await simulator.close();
});
const { switches, faults } = simulator;
beforeEach(() => {
  Object.assign(switches, DEFAULT_SWITCHES);
  faults.clear();
});
const bench = () => createBench({ url: simulator.url, rootToken: simulator.rootToken, dispatcher }, issuer);

describe('the simulator as HashiCorp Vault', () => {
  it('has neither detailed lists nor scans, and no version of the metadata', async () => {
    const { call, admin, name } = bench();
    await admin(`secret/metadata/${name}/x`, { custom_metadata: { a: 'b' } });
    switches.vault = true;
    const warned = answered({ status: 404, warnings: [expect.stringContaining("'vault kv get'")] });
    expect(await call('GET', `secret/detailed-metadata/${name}?list=true`)).toEqual(warned);
    expect(await call('GET', `secret/detailed-metadata/${name}?scan=true`)).toEqual(warned);
    expect(await call('GET', `secret/metadata/${name}?list=true`)).toEqual(answered({ data: { keys: ['x'] } }));
    const { body } = await call('GET', `secret/metadata/${name}/x`);
    expect(body).toMatchObject({ data: { custom_metadata: { a: 'b' }, current_version: 0 } });
    expect(JSON.stringify(body)).not.toContain('metadata_version');
    expect(await call('GET', 'sys/health')).toMatchObject({ body: { version: '1.21.4' } });
  });

  it('refuses a string of more than 1 MiB, which OpenBao takes', async () => {
    const { call, name } = bench();
    const write = (bytes: number) =>
      call('POST', `secret/data/${name}`, { body: { data: { nested: { x: 'x'.repeat(bytes) } } } });
    expect(await write(1_048_577)).toEqual(written(1));
    switches.vault = true;
    expect(await write(1_048_577)).toEqual(refused(500, 'JSON string value exceeds allowed length'));
    expect(await write(1_048_576)).toEqual(written(2));
  });
});

describe('the state of the node', () => {
  it('is in the status of its health', async () => {
    const { call } = bench();
    const health = async (state: Partial<typeof switches>) => {
      Object.assign(switches, DEFAULT_SWITCHES, state);
      return (await call('GET', 'sys/health', { token: 'none' })).status;
    };
    expect(await health({})).toBe(200);
    expect(await health({ node: 'standby' })).toBe(429);
    expect(await health({ node: 'performance-standby' })).toBe(473);
    expect(await health({ sealed: true, node: 'standby' })).toBe(503);
  });

  it('of a standby redirects to the active server, if it knows one', async () => {
    const { call, name } = bench();
    switches.node = 'standby';
    const path = `secret/data/${name}?version=1`;
    expect(await call('GET', path)).toMatchObject({ status: 500 });
    switches.activeUrl = 'https://active.example:8200';
    const { statusCode, headers } = await request(`${simulator.url}/v1/${path}`, { dispatcher });
    expect([statusCode, headers['location']]).toEqual([307, `https://active.example:8200/v1/${path}`]);
    switches.node = 'performance-standby';
    expect(await call('GET', path)).toEqual(ABSENT);
  });
});

describe('time', () => {
  it('ends tokens and versions by the clock of the simulator', async () => {
    const { call, admin, name } = bench();
    await admin(`secret/metadata/${name}`, { delete_version_after: '60s' });
    await admin(`secret/data/${name}`, { data: { x: '1' } });
    const before = await call('POST', 'auth/token/create', { body: { policies: ['none'], ttl: '30s' } });
    const token = JSON.stringify(before.body).match(/s\.\w+/)?.[0] ?? '';
    expect(await call('GET', `secret/data/${name}`)).toMatchObject({ status: 200 });
    expect(await call('GET', `secret/data/${name}`, { token })).toEqual(DENIED);
    clock.now += 60_000;
    expect(await call('GET', `secret/data/${name}`)).toEqual(gone(1, { deleted: true }));
    expect(await call('GET', `secret/data/${name}`, { token })).toEqual(UNAUTHENTICATED);
  });
});

describe('a fault', () => {
  it('refuses before the effect, or loses the answer after it', async () => {
    const { call, name } = bench();
    const write = (cas: number) => call('POST', `secret/data/${name}`, { body: { data: { cas }, options: { cas } } });
    const path = `secret/data/${name}`;
    faults.add({ path, effect: { type: 'status', status: 503 } }, { path, effect: { type: 'reset', when: 'after' } });
    expect(await write(0)).toEqual(refused(503, 'internal error'));
    expect(await call('GET', `secret/metadata/${name}`)).toEqual(ABSENT);
    faults.clear();
    faults.add({ path, nth: 2, effect: { type: 'reset', when: 'after' } });
    expect(await write(0)).toEqual(written(1));
    await expect(write(1)).rejects.toThrow();
    expect(await call('GET', path)).toEqual(read({ cas: 1 }, 2));
    faults.add({ operation: 'delete', effect: { type: 'cut-off' } }, { effect: { type: 'login-page' } });
    await expect(call('GET', path)).rejects.toThrow(SyntaxError);
  });

  it('limits the rate with the header that says when to come back', async () => {
    faults.add({ effect: { type: 'rate-limited', retryAfter: '7' } });
    const { statusCode, headers, body } = await request(`${simulator.url}/v1/secret/data/x`, { dispatcher });
    expect([statusCode, headers['retry-after']]).toEqual([429, '7']);
    await body.dump();
  });

  it('delays the answer', async () => {
    const { call, name } = bench();
    faults.add({ effect: { type: 'delay', ms: 1 } });
    expect(await call('DELETE', `secret/data/${name}`)).toEqual(NO_CONTENT);
  });
});

describe('the record of the calls', () => {
  it('contains no token and no value', async () => {
    const { call, name } = bench();
    const body = { data: { password: 'canary-of-a-value' } };
    await call('POST', `secret/data/${name}`, { body });
    await call('POST', 'auth/none/login', { token: 'none', body: { jwt: 'canary-of-a-token' } });
    expect(simulator.audit.at(-2)).toMatchObject({ operation: 'update', path: `secret/data/${name}`, status: 200 });
    expect(JSON.stringify(simulator.audit)).not.toMatch(/canary|"root"/);
    expect(simulator.currentValues()[name]).toEqual(body.data);
  });

  it('is complete: the load counts every call', async () => {
    const before = simulator.load().calls;
    await bench().call('GET', 'secret/none');
    expect(simulator.load().calls).toBe(before + 1);
  });
});

describe('a client', () => {
  it('that does not trust the private CA gets no answer', async () => {
    await expect(request(`${simulator.url}/v1/sys/health`)).rejects.toThrow(/certificate/);
  });

  it('is refused the parts of a policy and the engines that the simulator lacks', async () => {
    await expect(
      simulator.write('sys/policies/acl/x', { policy: 'path "a" { min_wrapping_ttl = "1s" }' }),
    ).rejects.toThrow('supports only capabilities');
    await expect(simulator.write('sys/policies/acl/x', { policy: 'path "a" {} name = "x"' })).rejects.toThrow('400');
    await expect(simulator.write('sys/mounts/x', { type: 'transit' })).rejects.toThrow('only kv');
    await expect(simulator.write('sys/auth/x', { type: 'approle' })).rejects.toThrow('only jwt');
  });
});

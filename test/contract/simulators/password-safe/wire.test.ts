import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { fleetOf, pickKind, requestFor, START, startSite } from './site.ts';

describe('the connection', () => {
  test('is trusted only through its own CA, also for localhost', async () => {
    const { simulator } = await startSite();
    const statusWith = (host: string, ca: string | undefined) =>
      new Promise<number | string>((resolve) => {
        const url = simulator.url.replace('127.0.0.1', host);
        const call = httpsRequest(`${url}/Requests`, { ca, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        call.on('error', (error) => resolve('code' in error ? String(error.code) : error.name)).end();
      });
    expect(await statusWith('127.0.0.1', simulator.caPem)).toBe(401);
    expect(await statusWith('localhost', simulator.caPem)).toBe(401);
    expect(await statusWith('127.0.0.1', undefined)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('requires TLS 1.2', async () => {
    const { simulator } = await startSite();
    const port = Number(new URL(simulator.url).port);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const failure = await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca: simulator.caPem, ...old });
      socket.on('error', (error) => resolve(error.message));
      socket.on('secureConnect', () => resolve('connected'));
    });
    expect(failure).toContain('alert protocol version');
  });

  test('is closed with the site, and a waiting call is dropped', async () => {
    const simulator = await startPasswordSafe({ latencyMs: 60_000 });
    const dropped = new Promise<string>((resolve) => {
      const call = httpsRequest(`${simulator.url}/Requests`, { ca: simulator.caPem, agent: false }, () =>
        resolve('answered'),
      );
      call.on('error', () => resolve('dropped'));
      call.on('socket', (socket) => socket.on('secureConnect', () => void setImmediate(() => simulator.close())));
      call.end();
    });
    expect(await dropped).toBe('dropped');
  });
});

describe('routes', () => {
  test('are found in any case, with extra slashes', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    for (const path of ['REQUESTS', 'requests/', '/Requests?STATUS=All', 'Configuration/version/?version=3.1']) {
      expect((await caller.get(path)).status).toBe(200);
    }
  });

  test('return 404 with a message if they are unknown, and 405 for wrong methods', async () => {
    const site = await startSite();
    const caller = await site.signIn();
    const unknown = await caller.get('Auth');
    expect([unknown.status, JSON.parse(unknown.text)]).toEqual([404, { Message: expect.stringContaining('/Auth') }]);
    expect((await caller.get('Requests/abc')).status).toBe(404);
    expect((await caller.call('DELETE', 'Requests')).status).toBe(405);
    expect(site.simulator.audit.at(-3)).toMatchObject({
      kind: 'other',
      template: '/BeyondTrust/api/public/v3/Auth',
      status: 404,
    });
  });

  test.each([
    [true, 'text/html'],
    [false, 'application/json; charset=utf-8'],
  ])('with a dot in their last segment are files for IIS: %s', async (dotInLastSegmentIs404, type) => {
    const site = await startSite({ switches: { dotInLastSegmentIs404 } });
    const caller = await site.signIn();
    expect((await caller.get('Workgroups/eu.west')).headers['content-type']).toBe(type);
    expect((await caller.get('Workgroups/eu.west/')).headers['content-type']).toBe('application/json; charset=utf-8');
  });
});

describe('the media type', () => {
  const post = async (missingContentType: 'refused-with-body' | 'refused' | 'accepted', path: string) => {
    const fleet = fleetOf({});
    const site = await startSite({ fleet, switches: { missingContentType } });
    const body = path === 'Requests' ? { body: JSON.stringify(requestFor(pickKind(fleet, 'plain'))) } : {};
    return (await (await site.signIn()).call('POST', path, body)).status;
  };

  test.each([
    ['refused-with-body', 'Requests', 415],
    ['refused-with-body', 'Auth/Signout', 200],
    ['accepted', 'Requests', 201],
    ['accepted', 'Auth/Signout', 200],
  ] as const)('when it is missing is %s: POST %s answers %i', async (missing, path, status) => {
    expect(await post(missing, path)).toBe(status);
  });

  test('is required for sign-in and sign-out if the site does so', async () => {
    const { anonymous } = await startSite({ switches: { missingContentType: 'refused' } });
    expect((await anonymous.call('POST', 'Auth/SignAppIn')).status).toBe(415);
    const typed = { headers: { 'content-type': 'application/json' } };
    expect((await anonymous.call('POST', 'Auth/SignAppIn', typed)).status).toBe(401);
  });

  test('that is not supported is refused', async () => {
    const site = await startSite();
    const answer = await (await site.signIn()).call('POST', 'Requests', {
      headers: { 'content-type': 'text/xml' },
      body: '<a/>',
    });
    expect(answer.status).toBe(415);
  });
});

test('the Date header contains the time of the site', async () => {
  const site = await startSite();
  site.pass(90_000);
  const { date } = (await site.anonymous.get('Requests')).headers;
  expect(date).toBe(new Date(START + 90_000).toUTCString());
});

test('latency delays every call on the wall clock', async () => {
  const site = await startSite({ latencyMs: 40 });
  const started = performance.now();
  await site.anonymous.get('Requests');
  expect(performance.now() - started).toBeGreaterThanOrEqual(38);
});

test('the site survives a caller that disconnects, or sends without end', async () => {
  const site = await startSite();
  const caller = await site.signIn();
  const headers = { 'content-type': 'application/json' };
  await expect(caller.call('POST', 'Requests', { headers, body: 'x'.repeat(2_000_000) })).rejects.toThrow();
  site.simulator.faults.add({ kind: 'listRequests', effect: { type: 'huge', bytes: 50_000_000 } });
  await new Promise<void>((resolve) => {
    const call = httpsRequest(
      `${site.simulator.url}/Requests`,
      { ca: site.simulator.caPem, agent: false },
      (answer) => {
        answer.once('data', () => call.destroy());
        answer.once('close', resolve);
      },
    );
    call.on('error', () => undefined).end();
  });
  expect((await caller.get('Requests')).status).toBe(200);
});

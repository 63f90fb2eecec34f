import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuthority } from '#local/simulators/certificate.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { readProxyCredentials } from '#shared/connections/proxy-credentials.ts';
import { RelayError } from '#shared/errors.ts';
import type { HttpProxy } from '#shared/http/tunnels.ts';
import { Secret } from '#shared/secret.ts';
import { startConnectProxy } from '#test/support/connect-proxy.ts';
import { openRelaySite, type RelaySiteOptions } from '../connections/password-safe/relay-site.ts';

const PASSWORD = 'canary: the password of the proxy';
const RENEWED = 'canary: a renewed password';

/** A vault that can be reached only through a proxy, with the relay's full path to it. */
const start = async (options: RelaySiteOptions = {}, credentials?: HttpProxy['credentials']) => {
  const proxy = await startConnectProxy();
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const site = await openRelaySite({
    ...options,
    http: { proxy: { url: proxy.url, credentials }, ...options.http },
  });
  const { host } = new URL(site.simulator.url);
  return { proxy, site, host };
};

/** A secret whose content a test changes. */
const changeable = (password: string) => {
  const read = vi.fn(async () => ({ username: 'relay', password: new Secret(password) }));
  return { secret: 'bootstrap/proxy', read };
};

const failureOf = async (work: Promise<unknown>): Promise<RelayError> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof RelayError)) throw new Error('The work should have failed with a RelayError.');
  expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/canary|Basic /);
  return error;
};

describe('a vault behind a proxy', () => {
  it('is reached through tunnels, which are used for several calls, with its own CA', async () => {
    const { proxy, site, host } = await start();
    await site.use();
    const calls = site.simulator.audit.length;
    expect(calls).toBeGreaterThan(2);
    expect(proxy.attempts).toEqual([`${host} 200`]);
  });

  it.each(['renegotiation', 'handshake'] as const)(
    'receives a client certificate that it asks for by %s',
    async (certificateRequest) => {
      const apiKey = { ...DEFAULT_APPLICATION.apiKey, clientCertificateRequired: true };
      const { site } = await start({
        site: { users: [{ ...DEFAULT_APPLICATION, apiKey }], switches: { certificateRequest } },
        certificate: async (simulator) => (await simulator.issueClientCertificate('')).pkcs12,
      });
      await site.use();
      expect(site.simulator.audit.every(({ status }) => status === 200)).toBe(true);
    },
  );

  it('is reached with the credentials that the proxy requires', async () => {
    const credentials = changeable(PASSWORD);
    const { proxy, site, host } = await start({}, credentials);
    proxy.require(`relay:${PASSWORD}`);
    await site.use();
    expect(proxy.attempts).toEqual([`${host} 200`]);
    expect(credentials.read).toHaveBeenCalledOnce();
  });

  it('is reached in a warm function after the credentials have changed', async () => {
    const credentials = changeable(PASSWORD);
    const { proxy, site, host } = await start({}, credentials);
    proxy.require(`relay:${PASSWORD}`);
    await site.use();
    proxy.require(`relay:${RENEWED}`);
    credentials.read.mockResolvedValue({ username: 'relay', password: new Secret(RENEWED) });
    site.clock.now += 60_000;
    await site.use();
    expect(proxy.attempts).toEqual([`${host} 200`, `${host} 407`, `${host} 200`]);
  });

  it('is not tried again with credentials that never worked, because a proxy can lock its user', async () => {
    const credentials = changeable('wrong');
    credentials.read.mockResolvedValueOnce({ username: 'relay', password: new Secret('wrong as well') });
    const { proxy, site, host } = await start({}, credentials);
    proxy.require(`relay:${PASSWORD}`);
    expect(await failureOf(site.use())).toMatchObject({ name: 'ProxyRefused', retryable: false });
    expect(proxy.attempts).toEqual([`${host} 407`]);
    expect(site.waits).toEqual([]);
  });

  it('is reached in a warm function after the secret of the proxy has been corrected', async () => {
    const credentials = changeable(PASSWORD);
    credentials.read.mockRejectedValueOnce(new RelayError('BootstrapUnusable', 'It does not exist.'));
    const { site } = await start({}, credentials);
    expect(await failureOf(site.use())).toMatchObject({ name: 'BootstrapUnusable' });
    await site.use();
  });
});

describe('the error of a proxy', () => {
  it('names the missing setting if the proxy requires credentials', async () => {
    const { proxy, site } = await start();
    proxy.require('relay:x');
    const { message } = await failureOf(site.use());
    expect(message).toContain(`through the proxy ${proxy.url} failed (407)`);
    expect(message).toContain(`proxy: { url: ${proxy.url}, secret: bootstrap/proxy }`);
  });

  it('shows the command that corrects its credentials', async () => {
    const { proxy, site } = await start({}, changeable('wrong'));
    proxy.require('relay:x');
    const { message } = await failureOf(site.use());
    expect(message).toContain('put-secret-value --secret-id bootstrap/proxy --secret-string file://proxy.json');
  });

  it.each([
    [403, 'ProxyRefused', /\(403\)\. The proxy does not permit this connection\. Allow CONNECT to 127\.0\.0\.1:\d+/],
    [502, 'VaultUnavailable', /\(502\)\. The proxy does not reach 127\.0\.0\.1:\d+\. /],
    ['close', 'VaultUnavailable', /The proxy closed the connection/],
  ] as const)('for %s is %s, with the fix', async (how, name, fix) => {
    const { proxy, site } = await start();
    proxy.refuse(how);
    const error = await failureOf(site.use());
    expect(error).toMatchObject({ name, mayHaveHappened: false, message: expect.stringMatching(fix) });
    expect(error.message).toContain(`through the proxy ${proxy.url}`);
  });

  it('says that the proxy refuses connections if it does not run', async () => {
    const { proxy, site } = await start();
    await proxy[Symbol.asyncDispose]();
    const { message } = await failureOf(site.use());
    expect(message).toMatch(
      /failed \(ECONNREFUSED\)\. The proxy refuses connections\. Check proxy\.url in relay\.yaml/,
    );
  });

  it('is a timeout if the proxy does not answer', async () => {
    const { proxy, site } = await start({ http: { deadline: () => AbortSignal.timeout(50) } });
    proxy.refuse('silence');
    expect(await failureOf(site.use())).toMatchObject({ name: 'AnswerTimedOut', mayHaveHappened: false });
  });

  it('does not hide a certificate that is not trusted', async () => {
    const { caPem: ca } = await createAuthority('another CA');
    const { site } = await start({ http: { ca } });
    expect((await failureOf(site.use())).message).toContain('Its certificate is not trusted. Set ca in relay.yaml');
  });
});

describe('the secret of a proxy', () => {
  const read = (text: string, form: 'text' | 'base64' = 'text') =>
    readProxyCredentials(async () => ({ form, value: new Secret(text), versionId: '1' }), 'bootstrap/proxy');

  it('holds a username and a password', async () => {
    const { username, password } = await read(JSON.stringify({ username: 'CORP\\relay', password: PASSWORD }));
    expect([username, password.reveal()]).toEqual(['CORP\\relay', PASSWORD]);
  });

  it.each([
    'canary',
    '{"username": "canary"}',
    '{"username": "", "password": "canary"}',
    '{"username": "canary:1", "password": "canary"}',
    '{"username": "canary", "password": 1}',
  ])('is refused with the command that corrects it: %s', async (text) => {
    const error = await failureOf(read(text));
    expect(error).toMatchObject({ name: 'BootstrapUnusable', message: expect.stringContaining('put-secret-value') });
  });

  it('is refused if it is binary', async () => {
    expect(await failureOf(read('e30=', 'base64'))).toMatchObject({ name: 'BootstrapUnusable' });
  });
});

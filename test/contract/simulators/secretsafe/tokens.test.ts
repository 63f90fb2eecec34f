import { describe, expect, it } from 'vitest';
import { field, startServer, type TestServer } from './site.ts';

const use = ({ send }: TestServer, token: unknown) =>
  send('GET', '/api/public/policies', { headers: { authorization: `Bearer ${token}` } });

const DEVICE = { deviceIdentifier: 'a', device_name: 'relay', deviceType: '22' };

describe('a token request', () => {
  it('proves the organization API key in a form', async () => {
    const { askToken, send, simulator } = await startServer({ protocol: 'https' });
    expect(await askToken()).toMatchObject({
      status: 200,
      json: { expires_in: 3600, token_type: 'Bearer', scope: 'api.organization' },
    });
    const rejected = { status: 400, json: { error: 'invalid_client' } };
    expect(await askToken({ client_secret: 'wrong' })).toMatchObject(rejected);
    expect(await askToken({ client_id: 'organization.other' })).toMatchObject(rejected);
    expect(await askToken({ grant_type: 'password' })).toMatchObject({ json: { error: 'unsupported_grant_type' } });
    expect(await askToken({ scope: 'api' })).toMatchObject({ status: 400, json: { error: 'invalid_scope' } });
    expect(await send('POST', '/identity/connect/token', { body: '{}' })).toMatchObject({ status: 400 });
    expect(simulator.audit.map(({ kind, token }) => [kind, token]).slice(0, 2)).toEqual([
      ['token', 2],
      ['token', undefined],
    ]);
  });

  it('names a device where the server wants one', async () => {
    const { askToken } = await startServer({ switches: { deviceFields: 'required' } });
    expect(await askToken()).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    expect(await askToken(DEVICE)).toMatchObject({ status: 200 });
  });
});

describe('a token', () => {
  it('outlives a rotated key and a disabled organization, up to its end', async () => {
    const server = await startServer();
    const token = field(await server.askToken(), 'access_token');
    const old = server.simulator.apiKey();
    expect(old.clientSecret).toHaveLength(30);
    server.simulator.rotateApiKey();
    expect(await use(server, token)).toMatchObject({ status: 200 });
    expect(await server.askToken({ client_secret: old.clientSecret })).toMatchObject({ status: 400 });
    expect(await server.askToken()).toMatchObject({ status: 200 });
    server.simulator.setEnabled(false);
    expect(await server.askToken()).toMatchObject({ status: 400 });
    server.pass(3_599_999);
    expect(await use(server, token)).toMatchObject({ status: 200 });
    server.pass(1);
    expect(await use(server, token)).toMatchObject({ status: 401, text: '' });
  });

  it('ends with its key where the server revokes it', async () => {
    const server = await startServer({ switches: { tokensAfterRotation: 'revoked' } });
    const token = field(await server.askToken(), 'access_token');
    server.simulator.setEnabled(true);
    expect(await use(server, token)).toMatchObject({ status: 200 });
    server.simulator.rotateApiKey();
    expect(await use(server, token)).toMatchObject({ status: 401 });
    expect(await use(server, field(await server.askToken(), 'access_token'))).toMatchObject({ status: 200 });
  });

  it('is signed, and has the scope', async () => {
    const server = await startServer();
    const token = String(field(await server.askToken(), 'access_token'));
    expect((await use(server, `${token.slice(0, -4)}AAAA`)).headers).toMatchObject({
      'www-authenticate': 'Bearer error="invalid_token"',
    });
    expect(await server.send('GET', '/api/public/policies')).toMatchObject({ status: 401 });
    expect(await use(server, server.simulator.signToken(['api.push']))).toMatchObject({ status: 403 });
    expect(await use(server, token)).toMatchObject({ status: 200 });
  });

  it('is known to the search for leaks, and so is every secret of the key', async () => {
    const { askToken, simulator } = await startServer();
    const token = field(await askToken(), 'access_token');
    const first = simulator.apiKey().clientSecret;
    const second = simulator.rotateApiKey();
    expect(simulator.secrets()).toEqual(expect.arrayContaining([first, second, token]));
    expect([first, second]).toEqual([
      expect.stringMatching(/^canary-[0-9a-f]{23}$/),
      expect.stringMatching(/^canary-/),
    ]);
    const payload = Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString();
    expect(payload).toContain('canary-');
    expect(JSON.stringify(simulator.audit)).not.toMatch(/canary-|eyJ/);
  });
});

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { answer, reset, type Step, scriptedServer } from '#test/support/scripted-server.ts';

const CANARY = 'canary-0a77-not-a-real-secret';

const ask = async (...steps: readonly Step[]) => {
  await using server = await scriptedServer(...steps);
  const http = createHttp({
    connection: 'corp-vault',
    url: server.url,
    limits: { inFlight: 1, perSecond: 1000, timeoutSeconds: 30 },
    sleep: async () => undefined,
  });
  try {
    const clientSecret = new Secret(` ${CANARY}+&=\n`);
    const token = await requestToken({ http, clientId: 'id\n', clientSecret });
    return { token, seen: server.seen };
  } catch (error) {
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(CANARY);
    throw error;
  } finally {
    await http.close();
  }
};

const granted = answer(200, { access_token: 'abc', expires_in: '600', token_type: 'Bearer', scope: 'publicapi' });

describe('a token', () => {
  it('is requested with a form of trimmed client credentials', async () => {
    const { token, seen } = await ask(granted);
    expect(token).toEqual({ accessToken: expect.any(Secret), expiresInSeconds: 600 });
    expect(token.accessToken.reveal()).toBe('abc');
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/api/Auth/Connect/Token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: `${CANARY}+&=`,
    });
  });

  it('is requested again if the answer was lost', async () => {
    expect((await ask(reset, granted)).seen).toHaveLength(2);
  });

  it.each([400, 401, 403])('that is refused with %i results in an error that states what to check', async (status) => {
    await expect(ask(answer(status, { error: 'invalid_client', echo: CANARY }))).rejects.toMatchObject({
      name: 'SignInRefused',
      message: expect.stringMatching(/corp-vault: POST Auth\/Connect\/Token.*clientSecret in the bootstrap secret/),
    });
  });

  it.each([
    {},
    { access_token: '', expires_in: 5 },
    { access_token: 'abc', expires_in: 'soon' },
    { access_token: 'abc', expires_in: 0 },
    { access_token: 'abc', expires_in: -600 },
    { access_token: 'abc', expires_in: 1e300 },
    { access_token: 'abc', expires_in: '1e999' },
    { access_token: 'abc', expires_in: 8.64e15 },
  ])('is malformed as %j', async (body) => {
    await expect(ask(answer(200, body))).rejects.toMatchObject({ name: 'AnswerMalformed' });
  });
});

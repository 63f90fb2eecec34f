import { describe, expect, it, onTestFinished } from 'vitest';
import { signIn } from '#shared/connections/password-safe/sign-in.ts';
import { createHttp } from '#shared/http/http.ts';
import { revealHeaders } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';
import { answer, reset, type Step, scriptedServer } from '#test/support/scripted-server.ts';

const challenge = answer(401, 'User not authenticated', {
  'www-authenticate-2fa': 'Enter code',
  'set-cookie': ['ASP.NET_SessionId=s1; path=/', 'affinity=a1'],
  date: 'Sun, 06 Nov 1994 08:49:37 GMT',
});

/** Signs in at a site that answers with these steps. The answer to a challenge is `code`. */
const open = async (...steps: readonly Step[]) => {
  const server = await scriptedServer(...steps);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const http = createHttp({
    connection: 'corp-vault',
    url: server.url,
    limits: { inFlight: 1, perSecond: 1000, timeoutSeconds: 30 },
    sleep: async () => undefined,
  });
  onTestFinished(() => http.close());
  const challengedAt: unknown[] = [];
  const factors = async () => ({
    headers: { authorization: new Secret('key') },
    advice: 'A key was sent.',
    answer: async (at: string | undefined) => {
      challengedAt.push(at);
      return { authorization: new Secret('key and code') };
    },
    discard: async () => undefined,
  });
  const signedIn = signIn({ connection: 'corp-vault', http, authenticator: { factors } });
  return { server, challengedAt, signedIn };
};

describe('a challenge', () => {
  it('is answered in its own session, by the time in its answer', async () => {
    const { server, challengedAt, signedIn } = await open(challenge, answer(200, {}));
    await signedIn;
    expect(server.seen.map(({ headers }) => [headers.authorization, headers.cookie])).toEqual([
      ['key', undefined],
      ['key and code', 'ASP.NET_SessionId=s1; affinity=a1'],
    ]);
    expect(challengedAt).toEqual(['1994-11-06T08:49:37.000Z']);
  });

  it('results in a session with the cookies of both answers, and without the code', async () => {
    const { signedIn } = await open(challenge, answer(200, {}, { 'set-cookie': 'ASP.NET_SessionId=s2; path=/' }));
    const headers = revealHeaders(await signedIn);
    expect(headers).toMatchObject({ authorization: 'key', cookie: 'ASP.NET_SessionId=s2; affinity=a1' });
  });

  it.each([
    ['is challenged again', challenge, 'SignInRefused'],
    ['is refused', answer(401, 'User not authenticated'), 'SignInRefused'],
    ['got lost', reset, 'VaultUnavailable'],
    ['ran into a fault of the vault', answer(503, ''), 'VaultUnavailable'],
  ])('is not answered a second time if the answer %s', async (_what, step, name) => {
    const { server, signedIn } = await open(challenge, step);
    await expect(signedIn).rejects.toMatchObject({ name });
    expect(server.seen).toHaveLength(2);
  });

  it('is absent at a site that accepts the factors at once', async () => {
    const { challengedAt, server, signedIn } = await open(answer(200, {}));
    await signedIn;
    expect([challengedAt.length, server.seen.length]).toEqual([0, 1]);
  });
});

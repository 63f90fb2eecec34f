import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { interpretCall } from '#shared/connections/password-safe/errors.ts';
import { type Session, withSession } from '#shared/connections/password-safe/session.ts';
import { RelayError } from '#shared/errors.ts';
import { json } from '#shared/http/answer.ts';
import { createHttp } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';
import { type SeenRequest, scriptedServer } from '#test/support/scripted-server.ts';

const CANARY = 'canary-e19b-not-a-real-token';
const closers: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Site {
  readonly signIn: (response: ServerResponse, attempt: number) => unknown;
  readonly signOut: (response: ServerResponse) => unknown;
  readonly call: (response: ServerResponse, request: SeenRequest) => unknown;
}

const cookiesOf = (session: number) => [
  `ASP.NET_SessionId=s${session}; path=/; secure; HttpOnly`,
  `__RequestVerificationToken=v${session}; path=/`,
];
const respond = (response: ServerResponse, status: number, headers: Record<string, string | string[]> = {}): unknown =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{}');

/** A site whose n-th sign-in opens session n. Each test defines the rest. */
const openSite = async (site: Partial<Site> = {}) => {
  let signIns = 0;
  const {
    signIn = (response, attempt) => respond(response, 200, { 'set-cookie': cookiesOf(attempt) }),
    signOut = (response) => response.end(),
    call = (response) => respond(response, 200),
  } = site;
  const server = await scriptedServer((response, request) => {
    if (request.url.endsWith('/SignAppIn')) return signIn(response, ++signIns);
    if (request.url.endsWith('/Signout')) return signOut(response);
    return call(response, request);
  });
  const http = createHttp({
    connection: 'corp-vault',
    url: server.url,
    limits: { inFlight: 16, perSecond: 1000, timeoutSeconds: 30 },
    sleep: async () => undefined,
  });
  closers.push(
    () => server[Symbol.asyncDispose](),
    () => http.close(),
  );

  const dropped: string[] = [];
  const signOutFailures: RelayError[] = [];
  const run = <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    let tokens = 0;
    const factors = async () => {
      const token = `${CANARY}-${++tokens}`;
      return {
        headers: { authorization: new Secret(`Bearer ${token}`), runas: 'CORP\\svc' },
        advice: 'A token was sent.',
        discard: async () => void dropped.push(token),
      };
    };
    const onSignOutFailure = (error: RelayError): unknown => signOutFailures.push(error);
    return withSession({ connection: 'corp-vault', http, authenticator: { factors }, onSignOutFailure }, work);
  };
  const paths = (): string[] => server.seen.map(({ url }) => url.replace('/api/', ''));
  return { run, server, paths, dropped, signOutFailures };
};

const things = {
  method: 'GET',
  path: 'Things',
  idempotent: true,
  interpret: interpretCall,
  read: json(z.unknown()),
} as const;

const failureOf = async (promise: Promise<unknown>): Promise<RelayError> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof RelayError)) throw new Error('should have been rejected with a RelayError');
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(CANARY);
  return error;
};

/** A session ended at the site: its calls get 401. */
const endedSession = (number: number) => (response: ServerResponse, request: SeenRequest) =>
  respond(response, request.headers.cookie?.includes(`s${number};`) === true ? 401 : 200);

describe('a session', () => {
  it('signs in, sends all cookies in one header and the factors with each call, and signs out', async () => {
    const { run, server, paths } = await openSite();
    expect(await run(async (session) => (await session.send(things)).status)).toBe(200);
    expect(paths()).toEqual(['Auth/SignAppIn', 'Things', 'Auth/Signout']);
    for (const request of server.seen) {
      expect(request.headers).toMatchObject({ authorization: `Bearer ${CANARY}-1`, runas: 'CORP\\svc' });
    }
    for (const { rawHeaders } of server.seen.slice(1)) {
      const cookieLines = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === 'cookie');
      expect(cookieLines).toEqual(['ASP.NET_SessionId=s1; __RequestVerificationToken=v1']);
    }
    expect(server.seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '0' });
  });

  it('is signed out after failed work, and throws the error of the work', async () => {
    const { run, paths, signOutFailures } = await openSite({ signOut: (response) => respond(response, 500) });
    const failure = new Error('the work itself');
    await expect(run(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(paths().filter((path) => path === 'Auth/Signout')).toHaveLength(3);
    expect(signOutFailures).toEqual([expect.objectContaining({ name: 'VaultUnavailable' })]);
  });

  it('is reported if it could not be signed out, which does not affect the result of the work', async () => {
    const { run, signOutFailures } = await openSite({ signOut: (response) => response.socket?.resetAndDestroy() });
    expect(await run(async () => 'done')).toBe('done');
    expect(signOutFailures).toHaveLength(1);
  });

  it('is not reported if it was already over at sign-out', async () => {
    const { run, signOutFailures } = await openSite({ signOut: (response) => respond(response, 401) });
    await run(async () => undefined);
    expect(signOutFailures).toEqual([]);
  });
});

describe('a refused sign-in', () => {
  it('is final: one attempt, the token dropped, no work, no sign-out', async () => {
    const { run, paths, dropped } = await openSite({ signIn: (response) => respond(response, 401) });
    let worked = false;
    const error = await failureOf(
      run(async () => {
        worked = true;
      }),
    );
    expect(error.name).toBe('SignInRefused');
    expect([paths(), dropped, worked]).toEqual([['Auth/SignAppIn'], [`${CANARY}-1`], false]);
  });

  it('is a licence error if the status is 403, and the token is kept', async () => {
    const { run, dropped } = await openSite({ signIn: (response) => respond(response, 403) });
    expect((await failureOf(run(async () => undefined))).name).toBe('LicenceRefused');
    expect(dropped).toEqual([]);
  });

  it('differs from a failed call, which is tried again', async () => {
    const { run, paths } = await openSite({
      signIn: (response, attempt) =>
        attempt < 3 ? response.socket?.resetAndDestroy() : respond(response, 200, { 'set-cookie': cookiesOf(attempt) }),
    });
    await run(async () => undefined);
    expect(paths()).toEqual([...Array(3).fill('Auth/SignAppIn'), 'Auth/Signout']);
  });
});

describe('a session that ended early', () => {
  it('is renewed once for all parallel calls, which then succeed', async () => {
    const { run, server, paths } = await openSite({ call: endedSession(1) });
    const statuses = await run((session) =>
      Promise.all(Array.from({ length: 10 }, async () => (await session.send(things)).status)),
    );
    expect(statuses).toEqual(Array(10).fill(200));
    expect(paths().filter((path) => path === 'Auth/SignAppIn')).toHaveLength(2);
    expect(paths().filter((path) => path === 'Things')).toHaveLength(20);
    expect(server.seen.at(-1)?.headers.cookie).toContain('s2;');
  });

  it('is renewed with new factors, even for a POST, because a 401 means that the call did not happen', async () => {
    const { run, server } = await openSite({ call: endedSession(1) });
    const post = { ...things, method: 'POST', body: jsonBody({}), idempotent: false } as const;
    expect(await run(async (session) => (await session.send(post)).status)).toBe(200);
    expect(server.seen.map(({ headers }) => headers.authorization?.slice(-1))).toEqual(['1', '1', '2', '2', '2']);
  });

  it('is lost if the new session ends as well, for current and all later calls', async () => {
    const { run, paths } = await openSite({ call: (response) => respond(response, 401) });
    const errors = await run(async (session) => {
      const parallel = await Promise.all(Array.from({ length: 5 }, () => failureOf(session.send(things))));
      return [...parallel, await failureOf(session.send(things))];
    });
    expect(errors.map(({ name }) => name)).toEqual(Array(6).fill('SessionLost'));
    expect(paths().filter((path) => path === 'Auth/SignAppIn')).toHaveLength(2);
    expect(paths().at(-1)).toBe('Auth/Signout');
  });

  it('is lost for all calls if the second sign-in is refused, without a third attempt', async () => {
    const { run, paths, dropped } = await openSite({
      signIn: (response, attempt) => respond(response, attempt === 1 ? 200 : 401, { 'set-cookie': cookiesOf(attempt) }),
      call: endedSession(1),
    });
    const errors = await run((session) =>
      Promise.all(Array.from({ length: 5 }, () => failureOf(session.send(things)))),
    );
    expect(errors.map(({ name }) => name)).toEqual(Array(5).fill('SignInRefused'));
    expect(paths().filter((path) => path === 'Auth/SignAppIn')).toHaveLength(2);
    expect(dropped).toEqual([`${CANARY}-2`]);
    expect(paths()).not.toContain('Auth/Signout');
  });

  it('is not renewed for work that continues after its end', async () => {
    const { run, paths } = await openSite({ call: endedSession(1) });
    let late: Session | undefined;
    await run(async (session) => {
      late = session;
    });
    if (late === undefined) throw new Error('no session');
    expect((await failureOf(late.send(things))).name).toBe('SessionLost');
    expect(paths()).toEqual(['Auth/SignAppIn', 'Auth/Signout', 'Things']);
  });
});

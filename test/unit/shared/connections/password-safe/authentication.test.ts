import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apiKeyAuthenticator,
  apiKeyHeader,
  oauthAuthenticator,
} from '#shared/connections/password-safe/authentication.ts';
import { revealHeaders } from '#shared/http/request.ts';
import { Secret } from '#shared/secret.ts';

const connection = 'corp-vault';

interface Fields {
  readonly apiKey: string;
  readonly runAs: string;
  readonly password?: string | undefined;
}

const headerOf = ({ apiKey, runAs, password }: Fields, answer?: string): string =>
  apiKeyHeader(
    {
      connection,
      apiKey: new Secret(apiKey),
      runAs,
      password: password === undefined ? undefined : new Secret(password),
    },
    answer === undefined ? undefined : new Secret(answer),
  ).reveal();

/**
 * Two readings of the grammar, which differ where it is ambiguous: one ends a password at the first bracket that ends
 * its field, the other at the last one.
 */
const parseWith = (password: string) => (header: string) =>
  new RegExp(`^PS-Auth key=([^;]*); *runas=([^;]*);(?: *pwd=\\[(${password})\\] *;)?(?: *challenge=(\\d+);)?$`)
    .exec(header)
    ?.slice(1);
const parseToFirst = parseWith('(?:(?!\\] *;).)*');
const parseToLast = parseWith('.*');

const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const bracketsAndSemicolons = fc.string({ unit: fc.constantFrom(']', '[', ';', ' ', '=', 'a'), maxLength: 12 });
const code = fc.option(
  fc.integer({ min: 0, max: 999_999 }).map((number) => String(number).padStart(6, '0')),
  {
    nil: undefined,
  },
);
const plainField = printable.filter((text) => text.trim() !== '' && !text.includes(';') && !text.includes('\\'));

describe('the API key header', () => {
  it('is parsed as intended under each interpretation of its grammar, or refused', () => {
    fc.assert(
      fc.property(
        plainField,
        plainField,
        fc.oneof(printable, bracketsAndSemicolons),
        code,
        (apiKey, runAs, password, answer) => {
          let header: string;
          try {
            header = headerOf({ apiKey, runAs, password }, answer);
          } catch (error) {
            expect(error).toMatchObject({ name: 'BootstrapUnusable' });
            expect(password).toMatch(/\] *;/);
            return;
          }
          expect(parseToFirst(header)).toEqual([apiKey, runAs, password, answer]);
          expect(parseToLast(header)).toEqual([apiKey, runAs, password, answer]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('has no pwd field without a password', () => {
    expect(headerOf({ apiKey: 'k', runAs: 'svc' })).toBe('PS-Auth key=k; runas=svc;');
  });

  it('preserves brackets, semicolons and equals signs of a password', () => {
    expect(headerOf({ apiKey: 'k', runAs: 'svc', password: 'a;b=c]d[e]' })).toBe(
      'PS-Auth key=k; runas=svc; pwd=[a;b=c]d[e]];',
    );
  });

  it('has one backslash before the user, even if several were copied', () => {
    for (const runAs of ['CORP\\svc', 'CORP\\\\svc', 'CORP\\\\\\\\svc']) {
      expect(headerOf({ apiKey: 'k', runAs })).toBe('PS-Auth key=k; runas=CORP\\svc;');
    }
  });

  it.each<[string, Fields, RegExp]>([
    ['a line break in the password', { apiKey: 'k', runAs: 'svc', password: 'canary\r\nx' }, /password.*line breaks/],
    ['a letter beyond ASCII', { apiKey: 'k', runAs: 'svc', password: 'canaryé' }, /password.*printable ASCII/],
    ['a password that ends early', { apiKey: 'k', runAs: 'svc', password: 'canary] ;x' }, /password.*bracket/],
    ['the vendor libraries’ combined key', { apiKey: 'canary; runas=x;', runAs: 'svc' }, /apiKey.*key alone/],
    ['a line break in the key', { apiKey: 'canary\n', runAs: 'svc' }, /apiKey.*line breaks/],
    ['a semicolon in the user', { apiKey: 'k', runAs: 'canary;' }, /runAs.*semicolon/],
  ])('refuses %s without revealing it', (_what, fields, message) => {
    const build = () => headerOf(fields);
    expect(build).toThrow(expect.objectContaining({ name: 'BootstrapUnusable' }));
    expect(build).toThrow(message);
    expect(build).not.toThrow(/canary/);
  });

  it('ends with the answer to a challenge', () => {
    expect(headerOf({ apiKey: 'k', runAs: 'svc', password: 'p' }, '123456')).toBe(
      'PS-Auth key=k; runas=svc; pwd=[p]; challenge=123456;',
    );
  });

  it('authenticates an authenticator of type API key', async () => {
    const { headers, discard } = await apiKeyAuthenticator({
      connection,
      apiKey: new Secret('k'),
      runAs: 'svc',
    }).factors();
    expect(headers).toEqual({ authorization: new Secret('PS-Auth key=k; runas=svc;') });
    await expect(discard()).resolves.toBeUndefined();
  });
});

describe('the answer to a challenge', () => {
  const keyWith = (totpSeed?: string) =>
    apiKeyAuthenticator({
      connection,
      apiKey: new Secret('k'),
      runAs: 'svc',
      totpSeed: totpSeed === undefined ? undefined : new Secret(totpSeed),
      now: () => 0,
    }).factors();

  it("uses the vault's time, or our own if that is missing", async () => {
    const { answer } = await keyWith('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const headerAt = async (at: string | undefined) => revealHeaders(await answer?.(at))['authorization'];
    expect(await headerAt('2005-03-18T01:58:31.000Z')).toBe('PS-Auth key=k; runas=svc; challenge=050471;');
    expect(await headerAt(undefined)).toBe('PS-Auth key=k; runas=svc; challenge=755224;');
  });

  it('is unavailable without a seed', async () => {
    expect((await keyWith()).answer).toBeUndefined();
  });
});

describe('the advice after a refusal', () => {
  const adviceOf = async (options: { password?: string; showsCertificate?: boolean }) => {
    const password = options.password === undefined ? undefined : new Secret(options.password);
    const { advice } = await apiKeyAuthenticator({
      connection,
      apiKey: new Secret('canary'),
      runAs: 'svc',
      ...options,
      password,
    }).factors();
    expect(advice).not.toContain('canary');
    return advice;
  };

  it('begins with the factors that were sent, and reveals none of them', async () => {
    expect(await adviceOf({})).toMatch(/^The relay sent an API key, no password and no client certificate\./);
    expect(await adviceOf({ password: 'canary', showsCertificate: true })).toMatch(
      /^The relay sent an API key, a password and a client certificate\./,
    );
  });
});

describe('OAuth', () => {
  const tokens = { get: async () => new Secret('t0ken'), drop: async () => undefined };

  it('sends the token, and names the user to impersonate', async () => {
    const { headers } = await oauthAuthenticator({ connection, tokens, runAs: 'CORP\\svc' }).factors();
    expect(revealHeaders(headers)).toMatchObject({ authorization: 'Bearer t0ken', runas: 'CORP\\svc' });
    expect(JSON.stringify(headers)).not.toContain('t0ken');
  });

  it('gets a token at each sign-in, and drops only a refused one', async () => {
    const dropped: string[] = [];
    let count = 0;
    const authenticator = oauthAuthenticator({
      connection,
      tokens: {
        get: async () => new Secret(`t${++count}`),
        drop: async (token) => void dropped.push(token.reveal()),
      },
    });
    const [first, second] = [await authenticator.factors(), await authenticator.factors()];
    await second.discard();
    await first.discard();
    expect(dropped).toEqual(['t2', 't1']);
  });

  it('refuses a user that a header cannot contain', () => {
    expect(() => oauthAuthenticator({ connection, tokens, runAs: 'jürgen' })).toThrow(
      expect.objectContaining({ name: 'ConfigurationInvalid' }),
    );
  });
});

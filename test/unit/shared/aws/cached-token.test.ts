import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseToken, refreshTime, serializeToken } from '#shared/aws/cached-token.ts';
import { Secret } from '#shared/secret.ts';

const MINUTE_MS = 60_000;
const lifetimes = fc.integer({ min: 60, max: 3600 }).map((seconds) => seconds * 1000);
const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const tokenOf = (issuedAt: number, lifetimeMs: number) => ({
  accessToken: new Secret('token'),
  issuedAt,
  expiresAt: issuedAt + lifetimeMs,
  bootstrapVersion: 'v1',
});

describe('the time to refresh', () => {
  test('lies before the end by at most five minutes or a quarter of the lifetime, and by at least half of that', () => {
    fc.assert(
      fc.property(lifetimes, draws, (lifetime, draw) => {
        const ahead = lifetime - refreshTime(tokenOf(0, lifetime), draw);
        const margin = Math.min(5 * MINUTE_MS, lifetime / 4);
        expect(ahead).toBeLessThanOrEqual(margin);
        expect(ahead).toBeGreaterThanOrEqual(margin / 2);
      }),
    );
  });

  test('is random: another draw results in another time', () => {
    fc.assert(
      fc.property(lifetimes, draws, draws, (lifetime, one, other) => {
        fc.pre(Math.abs(one - other) > 0.001);
        const token = tokenOf(0, lifetime);
        expect(refreshTime(token, one)).not.toBe(refreshTime(token, other));
      }),
    );
  });
});

describe('a cache entry', () => {
  test('is parsed as it was written', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), lifetimes, fc.string(), (value, at, lifetime, version) => {
        const token = { ...tokenOf(at, lifetime), accessToken: new Secret(value), bootstrapVersion: version };
        const read = parseToken(serializeToken(token));
        expect(read).toMatchObject({ issuedAt: at, expiresAt: at + lifetime, bootstrapVersion: version });
        expect(read?.accessToken.reveal()).toBe(value);
      }),
    );
  });

  test('counts as missing if it has any other form', () => {
    for (const content of [undefined, '', 'x', '{}', '{"accessToken":""}', '[]', 'null']) {
      expect(parseToken(content)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.json(), (content) => {
        expect(parseToken(content)).toBeUndefined();
      }),
    );
  });
});

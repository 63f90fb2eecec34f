import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieHeader } from '#shared/connections/password-safe/cookies.ts';

const cookieText = fc.stringMatching(/^[\w%!#-]{1,20}$/);

describe('the cookie header', () => {
  it('contains every cookie unchanged, once, and no attributes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(cookieText, cookieText), { minLength: 1, selector: ([name]) => name }),
        (pairs) => {
          const lines = pairs.map(([name, value]) => `${name}=${value}; path=/; secure; HttpOnly; SameSite=None`);
          const sent = cookieHeader({ 'set-cookie': lines })?.reveal().split('; ');
          expect(sent?.sort()).toEqual(pairs.map(([name, value]) => `${name}=${value}`).sort());
        },
      ),
    );
  });

  it('is read from a single line as well', () => {
    expect(cookieHeader({ 'set-cookie': 'ASP.NET_SessionId=a%20b; path=/' })?.reveal()).toBe('ASP.NET_SessionId=a%20b');
  });

  it('contains the cookies of several answers, and the latest value of each', () => {
    const first = { 'set-cookie': ['ASP.NET_SessionId=challenged; path=/', 'affinity=node1'] };
    const second = { 'set-cookie': 'ASP.NET_SessionId=signed-in; path=/' };
    expect(cookieHeader(first, second)?.reveal()).toBe('ASP.NET_SessionId=signed-in; affinity=node1');
    expect(cookieHeader(first, {})?.reveal()).toBe('ASP.NET_SessionId=challenged; affinity=node1');
  });

  it('is absent without cookies', () => {
    expect(cookieHeader({})).toBeUndefined();
  });

  it('does not print its cookies', () => {
    expect(`${cookieHeader({ 'set-cookie': ['a=canary'] })}`).not.toContain('canary');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieHeader } from '#shared/clients/password-safe/cookies.ts';

const cookieText = fc.stringMatching(/^[\w%!#-]{1,20}$/);

describe('the cookie header', () => {
  it('holds every cookie verbatim, once, and no attribute', () => {
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

  it('is read from a single line too', () => {
    expect(cookieHeader({ 'set-cookie': 'ASP.NET_SessionId=a%20b; path=/' })?.reveal()).toBe('ASP.NET_SessionId=a%20b');
  });

  it('is none without cookies', () => {
    expect(cookieHeader({})).toBeUndefined();
  });

  it('does not show its cookies', () => {
    expect(`${cookieHeader({ 'set-cookie': ['a=canary'] })}`).not.toContain('canary');
  });
});

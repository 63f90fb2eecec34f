import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  interpretChallengeAnswer,
  interpretSignIn,
  interpretSignOut,
  interpretToken,
  isChallenge,
} from '#shared/connections/password-safe/sign-in-errors.ts';
import { answered, CANARY } from '#test/support/answers.ts';

const call = { connection: 'corp-vault', name: 'POST Auth/SignAppIn', idempotent: true };
const challenge = answered(401, '', { 'www-authenticate-2fa': 'Enter code' });
const PAGE = '<!DOCTYPE html><h2>403 - Forbidden</h2>';

const withCode = interpretSignIn({ advice: 'Sent was X.', answersChallenge: true, pushes: false });
const withoutCode = interpretSignIn({ advice: 'Sent was X.', answersChallenge: false, pushes: false });

describe('signing in', () => {
  it.each([withCode, withoutCode])('with a 401 is refused, with advice and the factors that were sent', (interpret) => {
    const error = interpret(answered(401), call);
    expect(error).toMatchObject({ name: 'SignInRefused', retryable: false });
    expect(error?.message).toMatch(/User Audit for the user\. Sent was X\.$/);
  });

  it('with a challenge continues if it can be answered, and is refused otherwise', () => {
    expect(isChallenge(challenge)).toBe(true);
    expect(isChallenge(answered(401))).toBe(false);
    expect(withCode(challenge, call)).toBeUndefined();
    expect(withoutCode(challenge, call)).toMatchObject({
      name: 'SignInRefused',
      message: expect.stringContaining('has no totpSeed'),
    });
  });

  it('with a 401 to the answer of a challenge is refused finally, even with another challenge', () => {
    for (const answer of [answered(401), challenge]) {
      expect(interpretChallengeAnswer(answer, call)).toMatchObject({
        name: 'SignInRefused',
        message: expect.stringContaining('refused the code'),
      });
    }
  });

  it('with a 403 is a licence error, or a certificate error if the answer is not from the API', () => {
    for (const interpret of [withCode, withoutCode, interpretChallengeAnswer]) {
      expect(interpret(answered(403, '4031'), call)?.name).toBe('LicenceRefused');
      expect(interpret(answered(403, PAGE), call)).toMatchObject({
        name: 'SignInRefused',
        message: expect.stringContaining('authentication.clientCertificate'),
      });
    }
  });

  it('with a 404 means that the address is not that of the API', () => {
    expect(withCode(answered(404), call)?.name).toBe('RequestRejected');
  });
});

describe('requesting a token', () => {
  it.each([
    [400, '{"error":"invalid_client"}', /clientId and clientSecret/],
    [403, '"Forbidden"', /clientId and clientSecret/],
    [400, '{"error":"invalid_grant"}', /client secret has expired/],
    [401, '"User not authenticated"', /address rules/],
    [403, PAGE, /authentication\.clientCertificate/],
  ])('with a %i and %s is a refusal with a fix', (status, text, message) => {
    expect(interpretToken(answered(status, text), call)).toMatchObject({
      name: 'SignInRefused',
      message: expect.stringMatching(message),
    });
  });

  it('is tried again if the vault has a problem', () => {
    expect(interpretToken(answered(503), call)?.name).toBe('VaultUnavailable');
  });
});

describe('signing out', () => {
  it('is done if the session is already over', () => {
    expect(interpretSignOut(answered(401), call)).toBeUndefined();
    expect(interpretSignOut(answered(500), call)?.name).toBe('VaultUnavailable');
  });
});

describe('a refusal', () => {
  it('is reported without a header, a body or a value', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(withCode, withoutCode, interpretChallengeAnswer, interpretToken),
        fc.integer({ min: 300, max: 599 }),
        fc.constantFrom('"', '<html>', '{"error":"invalid_grant","x":"'),
        (interpret, status, text) => {
          const error = interpret(answered(status, text + CANARY), call);
          expect(`${error?.message}${error?.stack}`).not.toContain(CANARY);
          expect(error?.cause).toBeUndefined();
        },
      ),
    );
  });
});

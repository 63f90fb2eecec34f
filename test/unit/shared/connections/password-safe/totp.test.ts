import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeAt, STEP_MS, stepOf } from '#local/simulators/password-safe/totp.ts';
import { totpCode } from '#shared/connections/password-safe/totp.ts';
import { Secret } from '#shared/secret.ts';

/** The seed of RFC 6238, appendix B. */
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const codeOf = async (seed: string, atMs: number): Promise<string> => (await totpCode(new Secret(seed), atMs)).reveal();

const base32 = fc.string({
  unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'),
  minLength: 16,
  maxLength: 64,
});
const time = fc.integer({ min: 0, max: Date.UTC(2200, 0) });

describe('the code of a second factor', () => {
  it.each([
    [59, '287082'],
    [1_111_111_111, '050471'],
    [20_000_000_000, '353130'],
  ])('at second %i is the value in RFC 6238', async (seconds, code) => {
    expect(await codeOf(SEED, seconds * 1000)).toBe(code);
  });

  it('equals that of a second implementation of RFC 6238, for any seed and time', async () => {
    await fc.assert(
      fc.asyncProperty(base32, time, async (seed, atMs) => {
        expect(await codeOf(seed, atMs)).toBe(codeAt(seed, Math.floor(atMs / STEP_MS)));
      }),
    );
  });

  it('is still valid up to one step later, whenever it was computed', async () => {
    await fc.assert(
      fc.asyncProperty(base32, time, fc.integer({ min: 0, max: STEP_MS }), async (seed, atMs, delayMs) => {
        expect(stepOf(seed, await codeOf(seed, atMs), atMs + delayMs)).toBeDefined();
      }),
    );
  });

  it('uses the digits, period and algorithm of an otpauth:// address', async () => {
    const seed = `otpauth://totp/Vault:svc?secret=${SEED}&digits=8&period=60`;
    expect(await codeOf(seed, 59_000)).toMatch(/^\d{8}$/);
    expect(await codeOf(seed, 0)).toBe(await codeOf(seed, 59_000));
  });

  it.each(['otpauth://totp/canary', 'otpauth://totp/x?secret=canary!', 'canary!'])(
    'cannot be computed from %j, which is not printed',
    async (seed) => {
      const failure = totpCode(new Secret(seed), 0);
      await expect(failure).rejects.toMatchObject({ name: 'BootstrapUnusable' });
      await expect(failure).rejects.not.toThrow(/canary/);
    },
  );
});

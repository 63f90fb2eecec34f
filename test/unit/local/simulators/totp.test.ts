import { describe, expect, it } from 'vitest';
import { codeAt, STEP_MS, stepOf } from '#local/simulators/password-safe/totp.ts';

/** The seed of RFC 6238, appendix B: `12345678901234567890`. */
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('a code of an authenticator', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at second %i is the value in RFC 6238', (seconds, code) => {
    expect(codeAt(SEED, Math.floor((seconds * 1000) / STEP_MS))).toBe(code);
  });

  it('is recognized in its own time step and the adjacent ones', () => {
    const step = 40_000_000;
    for (const at of [-1, 0, 1]) expect(stepOf(SEED, codeAt(SEED, step), (step + at) * STEP_MS)).toBe(step);
    for (const at of [-2, 2]) expect(stepOf(SEED, codeAt(SEED, step), (step + at) * STEP_MS)).toBeUndefined();
  });
});

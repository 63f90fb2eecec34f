import { beforeAll, describe, expect, it } from 'vitest';
import { type MainRun, sraRun } from '#local/main-run.ts';

const ACCOUNTS = 40;
const CHANGED = 3;
/** Of forty, five are not listed or not checked out, two rotate after check-in, and a person has one. */
const DELIVERABLE = 32;
const MAX_TOKENS = 2;

describe('two scheduled runs over a PRA site', () => {
  let result: MainRun;
  beforeAll(async () => {
    result = await sraRun({ accounts: ACCOUNTS, changed: CHANGED, seed: 1 });
  });

  it('break no promise, and need no permission that they lack', () => {
    expect(result).toMatchObject({ broken: [], openRequests: 0, canaryHits: 0 });
  });

  it('deliver everything that can be delivered, and then only changes', () => {
    const figures = result.runs.map(({ delivered, unchanged }) => ({ delivered, unchanged }));
    expect(figures).toEqual([
      { delivered: DELIVERABLE, unchanged: 0 },
      { delivered: CHANGED, unchanged: DELIVERABLE - CHANGED },
    ]);
  });

  it('check in each account that they check out, and no other', () => {
    const figures = result.runs.map(({ vaultCalls: { credential, checkin } }) => ({ credential, checkin }));
    // The account that a person has is tried, and refused.
    expect(figures).toEqual([
      { credential: DELIVERABLE + 1, checkin: DELIVERABLE },
      { credential: CHANGED + 1, checkin: CHANGED },
    ]);
  });

  it('report an account that a person has, and those that rotate after check-in', () => {
    const errors = result.runs[0].report.remarks.map(({ error }) => error);
    expect(errors.toSorted()).toEqual(['NotRequestable', 'NotRequestable', 'RequestConflict']);
  });

  it('name the accounts that they skip', () => {
    const [skipped = '', ...others] = result.runs[0].report.skipped ?? [];
    expect(others).toEqual([]);
    for (const kind of ['linked to Password Safe', 'aws_secret', 'x509_ca', 'x509_csr'])
      expect(skipped).toContain(kind);
  });

  it('share their tokens among all steps', () => {
    const tokens = result.runs.reduce((sum, { vaultCalls }) => sum + vaultCalls.token, 0);
    expect(tokens).toBeLessThanOrEqual(MAX_TOKENS);
  });
});

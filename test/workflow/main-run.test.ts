import { beforeAll, describe, expect, it } from 'vitest';
import { type MainRun, mainRun } from '#local/main-run.ts';

const ACCOUNTS = 40;
const CHANGED = 3;
/** Twelve of forty are awkward; of these one asks for approval, one is not requestable, and one is changing. */
const DELIVERABLE = ACCOUNTS - 3;
const ROTATING = 2;

describe('two scheduled runs with changes between them', () => {
  let result: MainRun;
  beforeAll(async () => {
    result = await mainRun({ accounts: ACCOUNTS, changed: CHANGED, seed: 7 });
  });

  it('break no promise', () => {
    expect(result).toMatchObject({ broken: [], openRequests: 0, openSessions: 0, canaryHits: 0 });
  });

  it('deliver everything that can be delivered at first', () => {
    expect(result.runs[0]).toMatchObject({
      accounts: ACCOUNTS,
      delivered: DELIVERABLE,
      unchanged: 0,
      skipped: 2,
      failed: 1,
    });
  });

  it('deliver only what has changed afterwards', () => {
    const [, { accounts, delivered, unchanged, skipped, failed }] = result.runs;
    expect({ delivered, unchanged }).toEqual({ delivered: CHANGED, unchanged: DELIVERABLE - ROTATING - CHANGED });
    expect(delivered + unchanged + skipped + failed).toBe(accounts);
  });

  it('park what the vault rotates after each release, and say which setting to change', () => {
    const parked = result.runs[1].report.remarks.filter(({ message }) =>
      message.includes('Allow API Rotation Override'),
    );
    expect(parked.map(({ outcome }) => outcome)).toEqual(Array.from({ length: ROTATING }, () => 'parked'));
  });

  it('read each credential once, and no unchanged one', () => {
    expect(result.runs.map(({ vaultCalls }) => vaultCalls.credential)).toEqual([DELIVERABLE, CHANGED]);
  });

  it('give back every request that they opened', () => {
    for (const { vaultCalls } of result.runs) expect(vaultCalls.checkin).toBeGreaterThanOrEqual(vaultCalls.credential);
  });

  it('sign out as often as they sign in', () => {
    for (const { vaultCalls } of result.runs) expect(vaultCalls.signOut).toBe(vaultCalls.signIn);
  });

  it('share one token among all steps', () => {
    expect(result.runs.map(({ vaultCalls }) => vaultCalls.token)).toEqual([1, 1]);
  });
});

import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MainRun, mainRun } from '#local/main-run.ts';
import { summarise } from '#local/summary.ts';

const ACCOUNTS = 40;
const CHANGED = 3;
/** Twelve of forty are special: one requires an approval, one is not requestable, one is changing. */
const DELIVERABLE = ACCOUNTS - 3;
const ROTATING = 2;

describe('two scheduled runs with changes between them', () => {
  let result: MainRun;
  beforeAll(async () => {
    result = await mainRun({ accounts: ACCOUNTS, changed: CHANGED, seed: 1 });
  });

  it('print the figures in the README', () => {
    const [, shown = ''] = /^```text\n([\s\S]*?)^```/m.exec(readFileSync('README.md', 'utf8')) ?? [];
    const printed = stripVTControlCharacters(summarise(result)).split('\n');
    expect(printed).toEqual(expect.arrayContaining(shown.trimEnd().split('\n')));
  });

  it('break no promise', () => {
    expect(result).toMatchObject({ broken: [], openRequests: 0, openSessions: 0, canaryHits: 0 });
  });

  it('first deliver everything that can be delivered', () => {
    expect(result.runs[0]).toMatchObject({
      accounts: ACCOUNTS,
      delivered: DELIVERABLE,
      unchanged: 0,
      skipped: 2,
      failed: 1,
    });
  });

  it('then deliver only changes', () => {
    const [, { accounts, delivered, unchanged, skipped, failed }] = result.runs;
    expect({ delivered, unchanged }).toEqual({ delivered: CHANGED, unchanged: DELIVERABLE - ROTATING - CHANGED });
    expect(delivered + unchanged + skipped + failed).toBe(accounts);
  });

  it('park the accounts that the vault rotates after each release, and name the setting to change', () => {
    const parked = result.runs[1].report.remarks.filter(({ message }) =>
      message.includes('Allow API Rotation Override'),
    );
    expect(parked.map(({ outcome }) => outcome)).toEqual(Array.from({ length: ROTATING }, () => 'parked'));
  });

  it('read each credential once, and no unchanged one', () => {
    expect(result.runs.map(({ vaultCalls }) => vaultCalls.credential)).toEqual([DELIVERABLE, CHANGED]);
  });

  it('check in every request that they opened', () => {
    for (const { vaultCalls } of result.runs) expect(vaultCalls.checkin).toBeGreaterThanOrEqual(vaultCalls.credential);
  });

  it('sign out as often as they sign in', () => {
    for (const { vaultCalls } of result.runs) expect(vaultCalls.signOut).toBe(vaultCalls.signIn);
  });

  it('share one token among all steps', () => {
    expect(result.runs.map(({ vaultCalls }) => vaultCalls.token)).toEqual([1, 1]);
  });
});

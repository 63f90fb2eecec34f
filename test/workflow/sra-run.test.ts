import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureRun, type RunFigures } from '#local/figures.ts';
import { brokenPromises } from '#local/promises.ts';
import { type SraWorld, startSraWorld } from '#local/sra-world.ts';

const ACCOUNTS = 40;
/** Of forty, five are not listed or not checked out, two rotate after check-in, and a person has one. */
const DELIVERABLE = 32;
const MAX_TOKENS = 2;

describe('the first run over a PRA site', () => {
  let world: SraWorld;
  let figures: RunFigures;
  beforeAll(async () => {
    world = await startSraWorld({ accounts: ACCOUNTS, seed: 1 });
    figures = await measureRun(world, () => {});
  });
  afterAll(() => world.close());

  it('breaks no promise, leaks no credential, and needs no permission that it lacks', async () => {
    const leaks = await world.findLeaks();
    expect([brokenPromises(world, leaks), leaks, world.vault.openRequests()]).toEqual([[], [], []]);
  });

  it('checks in each account that it checks out, and no other', () => {
    const { credential, checkin } = figures.vaultCalls;
    // The account that a person has is tried, and refused.
    expect([figures.delivered, credential, checkin]).toEqual([DELIVERABLE, DELIVERABLE + 1, DELIVERABLE]);
  });

  it('reports an account that a person has, and those that rotate after check-in', () => {
    const errors = figures.report.remarks.map(({ error }) => error);
    expect(errors.toSorted()).toEqual(['NotRequestable', 'NotRequestable', 'RequestConflict']);
  });

  it('names the accounts that it skips', () => {
    const [skipped = '', ...others] = figures.report.skipped ?? [];
    expect(others).toEqual([]);
    for (const kind of ['linked to Password Safe', 'aws_secret', 'x509_ca', 'x509_csr'])
      expect(skipped).toContain(kind);
  });

  it('shares its tokens among all steps', () => {
    expect(figures.vaultCalls.token).toBeLessThanOrEqual(MAX_TOKENS);
  });
});

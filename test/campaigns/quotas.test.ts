import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Quota } from '#local/aws/quotas/table.ts';
import { measureRun } from '#local/figures.ts';
import { isDeliverable } from '#local/promises.ts';
import { startWorld, type World } from '#local/world.ts';

/** A quota that any machine exceeds, for longer than the attempts of the SDK last. */
const CREATE_SECRET: Quota = {
  service: 'secretsmanager',
  actions: ['CreateSecret'],
  burst: 1,
  perSecond: 12,
  per: 'account',
  source: 'this test',
};

describe('a sync under the quotas of AWS', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: 40,
      seed: 3,
      quotas: [CREATE_SECRET],
    });
  });
  afterAll(() => world.close());

  it('waits while AWS throttles, and delivers every item', async () => {
    const { delivered, throttledCalls, report } = await measureRun(world, () => {});
    expect(throttledCalls).toBeGreaterThan(0);
    expect(delivered).toBe(world.vault.accounts().filter(isDeliverable).length);
    expect(report.remarks.filter(({ error }) => error === 'LimitReached' || error === 'StoreUnavailable')).toEqual([]);
    expect(world.vault.openRequests()).toEqual([]);
  });
});

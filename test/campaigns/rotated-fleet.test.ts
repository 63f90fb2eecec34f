import { expect, it } from 'vitest';
import { mainRun } from '#local/main-run.ts';
import { LOCAL_STORES } from '#local/stores.ts';

const ROTATES = 30;

it('a fleet rotates in waves and into three stores, but for the account that fails its test', async () => {
  const result = await mainRun({ accounts: 60, changed: 3, seed: 1, rotates: ROTATES, stores: LOCAL_STORES });
  expect(result).toMatchObject({
    broken: [],
    openRequests: 0,
    openSessions: 0,
    canaryHits: 0,
    rotations: { requested: ROTATES, rotated: ROTATES - 1, failed: 1, stopped: 0 },
    notRotated: [expect.stringMatching(/: changed, test failed$/)],
  });
});

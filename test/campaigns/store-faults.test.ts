import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault as AwsFault } from '#local/aws/faults.ts';
import { brokenPromises, wrongValues } from '#local/promises.ts';
import type { FaultEffect, Fault as OpenBaoFault } from '#local/simulators/openbao/faults.ts';
import { LOCAL_STORES, type LocalStoreName } from '#local/stores.ts';
import { startWorld, type World } from '#local/world.ts';
import { reportSchema } from '#shared/records/records.ts';
import { openObjects } from '#test/support/local-objects.ts';

/**
 * Each fault of a call breaks one of three stores during a sync of changed credentials. Others receive everything in
 * the same run, and the next run reads each lagging item once. The workflow test of leaks is the sample in `npm test`.
 */

const HOUR_MS = 3_600_000;
/** Longer than any item is parked after two failures. */
const DAYS_MS = 48 * HOUR_MS;

let world: World;
beforeAll(async () => {
  world = await startWorld({
    accounts: 14,
    seed: 31,
    populate: (fleet) => fleet.filter(({ kind }) => kind === 'plain'),
    waitScale: 0,
    stores: LOCAL_STORES,
  });
  await world.runSync();
});
afterAll(() => world.close());

const changeEverything = (): void => {
  world.clock.advance(DAYS_MS);
  for (const { accountId } of world.vault.accounts()) world.vault.changeCredential(accountId);
  world.clock.advance(HOUR_MS);
};

/** Runs the sync. Returns its report and the accounts that it read. */
const run = async () => {
  const objects = openObjects(world.aws);
  const known = new Set(await objects.list('runs/'));
  const start = world.vault.audit.length;
  await world.runSync();
  const [key = ''] = (await objects.list('runs/')).filter((one) => !known.has(one) && one.endsWith('/report.json'));
  const report = reportSchema.parse(await objects.readJson(key));
  const reads = world.vault.audit.slice(start).filter(({ kind }) => kind === 'credential');
  return { report, reads: reads.flatMap(({ accountIds }) => accountIds) };
};

const laggingIn = (name: LocalStoreName): number => {
  const store = world.stores.find((one) => one.store === name);
  return store === undefined ? 0 : wrongValues(world.vault, store, store.values()).length;
};

const clearFaults = (): void => {
  world.aws.secretsManager.faults.clear();
  world.aws.parameterStore.faults.clear();
  world.openBao?.faults.clear();
};

/**
 * `caught up`: the client repeats the call, so that nothing lags. `written`: reported as failed, because the value
 * could not be read back; the next run finds its stamp, which was part of the write.
 */
type Ending = 'caught up' | 'lags' | 'written';
type AwsRow = readonly [what: string, action: string, fault: Partial<AwsFault>, ending: Ending];
type OpenBaoRow = readonly [what: string, at: Omit<OpenBaoFault, 'effect'>, effect: FaultEffect, ending: Ending];

const DENIED = { kind: 'deny', times: 3 } as const;
const LOST_BEFORE = { kind: 'reset', when: 'before', times: 1 } as const;
const LOST_AFTER = { kind: 'reset', when: 'after', times: 1 } as const;
const THROTTLED = { kind: 'throttle', times: 2 } as const;
const INTERNAL = { kind: 'internal', times: 40 } as const;

const ofAction = (action: string, ending: Ending = 'lags'): readonly AwsRow[] => [
  ['is denied', action, DENIED, ending],
  ['is lost after its effect', action, LOST_AFTER, 'caught up'],
  ['fails each time', action, INTERNAL, ending],
  ...(action.startsWith('Put')
    ? ([
        ['is throttled', action, THROTTLED, 'caught up'],
        ['is lost before its effect', action, LOST_BEFORE, 'caught up'],
      ] as const)
    : []),
];

const WRITE = { operation: 'update', path: 'secret/data/' } as const;
const READ = { operation: 'read', path: 'secret/data/' } as const;
const MARK = { operation: 'patch', path: 'secret/metadata/' } as const;
const SCAN = { operation: 'scan' } as const;
const STATE = { operation: 'read', path: 'secret/metadata/' } as const;

const refused = (name: string, at: Omit<OpenBaoFault, 'effect'>): readonly OpenBaoRow[] => [
  [`${name}: refused`, { ...at, times: 3 }, { type: 'status', status: 400 }, 'lags'],
  [`${name}: without the right`, { ...at, times: 3 }, { type: 'status', status: 403 }, 'lags'],
];

const ofCall = (name: string, at: Omit<OpenBaoFault, 'effect'>): readonly OpenBaoRow[] => [
  [`${name}: sealed for a moment`, { ...at, times: 2 }, { type: 'status', status: 503 }, 'caught up'],
  [
    `${name}: 429 for an hour`,
    { ...at, times: Number.POSITIVE_INFINITY },
    { type: 'rate-limited', retryAfter: '3600' },
    'lags',
  ],
  [`${name}: lost after its effect`, at, { type: 'reset', when: 'after' }, 'caught up'],
];

const OF_WRITES: readonly OpenBaoRow[] = [
  ['write: by a standby', { ...WRITE, times: 2 }, { type: 'status', status: 473 }, 'caught up'],
  ['write: 429 with Retry-After', { ...WRITE, times: 2 }, { type: 'rate-limited', retryAfter: '1' }, 'caught up'],
  ['write: lost before its effect', WRITE, { type: 'reset', when: 'before' }, 'caught up'],
  ['write: cut off', WRITE, { type: 'cut-off' }, 'caught up'],
];

/** Runs with the fault, and once more without it. */
const expectOthersUnharmed = async (broken: LocalStoreName, ending: Ending): Promise<void> => {
  const { report } = await run();
  clearFaults();
  for (const name of LOCAL_STORES) {
    const lagging = laggingIn(name);
    if (name !== broken) expect(lagging, name).toBe(0);
    const { outcomes } = report.stores.find(({ store }) => store === name) ?? {};
    expect(outcomes, name).toBeDefined();
    const current = world.vault.accounts().length - lagging;
    expect((outcomes?.delivered ?? 0) + (outcomes?.unchanged ?? 0), name).toBeLessThanOrEqual(current);
    expect(outcomes?.failed ?? 0, name).toBeGreaterThanOrEqual(lagging);
    if (ending === 'written') expect(lagging, name).toBe(0);
    if (name !== broken) expect(outcomes?.failed, name).toBe(0);
  }
  const failed = report.stores.find(({ store }) => store === broken)?.outcomes.failed ?? 0;
  expect(failed > 0).toBe(ending !== 'caught up');

  world.clock.advance(HOUR_MS);
  const next = await run();
  expect(next.reads.toSorted()).toEqual([...new Set(next.reads)].toSorted());
  expect(next.reads).toHaveLength(ending === 'lags' ? failed : 0);
  expect(brokenPromises(world, [])).toEqual([]);
  const again = await run();
  expect(again.reads).toEqual([]);
};

describe.each(['PutSecretValue', 'GetSecretValue', 'UpdateSecretVersionStage', 'ListSecrets'])(
  'a call of Secrets Manager, %s,',
  (name) => {
    it.each(ofAction(name))('that %s harms no other store', async (_what, action, fault, ending) => {
      changeEverything();
      // The relay reads its own secrets by the same calls.
      const secretId = Object.keys(world.aws.secretsManager.currentValues()).find((one) => one.startsWith('fleet/'));
      world.aws.secretsManager.faults.add({
        kind: 'deny',
        ...fault,
        action,
        ...(action !== 'ListSecrets' && { secretId }),
      });
      await expectOthersUnharmed('aws', ending);
    });
  },
);

describe.each([
  ['PutParameter', 'lags'],
  ['GetParameter', 'written'],
  ['GetParameterHistory', 'lags'],
  ['ListTagsForResource', 'lags'],
  ['DescribeParameters', 'lags'],
] as const)('a call of Parameter Store, %s,', (name, end) => {
  it.each(ofAction(name, end))('that %s harms no other store', async (_what, action, fault, ending) => {
    changeEverything();
    world.aws.parameterStore.faults.add({ kind: 'deny', ...fault, action });
    await expectOthersUnharmed('parameters', ending);
  });
});

describe('a call of OpenBao', () => {
  it.each<OpenBaoRow>([
    ...refused('write', WRITE),
    ...refused('read', READ),
    ...refused('mark', MARK),
    ...refused('state', STATE),
    // Without the right to scan, the relay lists folder by folder.
    ['list: without the right', SCAN, { type: 'status', status: 403 }, 'caught up'],
    ...OF_WRITES,
    ...ofCall('write', WRITE),
    ...ofCall('read', READ),
    ...ofCall('mark', MARK),
    ...ofCall('state', STATE),
    ...ofCall('list', SCAN),
  ])('(%s) harms no other store', async (_what, at, effect, ending) => {
    changeEverything();
    world.openBao?.faults.add({ ...at, effect });
    await expectOthersUnharmed('openbao', ending);
  });
});

it('leaves no credential outside the stores', async () => {
  expect(await world.findLeaks()).toEqual([]);
});

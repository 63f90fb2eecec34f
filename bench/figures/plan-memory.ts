import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { LOCAL_STORES, type LocalStoreName } from '#local/stores.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { OWNER_TAG, ownerOf } from '#shared/names.ts';
import { functionName } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { environmentOf } from '../environment.ts';
import { type Measured, round } from '../figure.ts';
import { SMALL_HEAP } from '../invoke-cold.ts';
import { SEED } from '../worlds.ts';

const CHILD = resolve(import.meta.dirname, '../children/plan.mjs');

const PLAN = functionName(syncSteps.plan);

/**
 * Creates as many secrets as there are accounts, under names without an account. The two lists of names and the list of
 * orphans are all that `plan` keeps in memory.
 */
const fillStore = ({ vault, aws }: World, relayId: string): void => {
  for (const { accountId } of vault.accounts()) {
    aws.secretsManager.handle('CreateSecret', {
      Name: `${NAMES.secretPrefix}left-behind-system-${accountId}/_/account`,
      ClientRequestToken: randomUUID(),
      SecretString: 'left behind',
      Tags: [{ Key: OWNER_TAG, Value: ownerOf(relayId, NAMES.sync) }],
    });
  }
};

const planSchema = z.object({ batches: z.int(), durationMs: z.number(), residentMb: z.number() });

/** Heap limit for a million accounts, which leaves room for memory outside the heap. */
const LARGE_HEAP = ['--max-old-space-size=1200', '--max-semi-space-size=4'];

const ONE_STORE = [NAMES.store] as const;

/** Plans in a separate process for each list of V8 flags. The vault and the AWS side run in this process. */
const planWith = async (
  accounts: number,
  stores: readonly LocalStoreName[],
  ...flagLists: readonly (readonly string[])[]
) => {
  const world = await startWorld({ accounts, seed: SEED, stores });
  try {
    const environment = environmentOf(world, PLAN);
    fillStore(world, z.string().parse(environment['RELAY_ID']));
    const folder = join(world.directory, 'functions', PLAN);
    const env = { ...environment, LAMBDA_TASK_ROOT: folder };
    const plans: z.infer<typeof planSchema>[] = [];
    for (const flags of flagLists) {
      const command = [...flags, CHILD, join(folder, 'index.mjs'), NAMES.sync];
      const { stdout } = await promisify(execFile)(process.execPath, command, { env });
      plans.push(planSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')));
    }
    return plans;
  } finally {
    await world.close();
  }
};

const describe = ({ batches, durationMs, residentMb }: z.infer<typeof planSchema>): string =>
  `${round(residentMb)} MB, ${round(durationMs / 1000)} s, ${batches} batches`;

/** Measures memory and time of planning a full sync as the fleet grows. */
export const measurePlanMemory = async (): Promise<Measured> => {
  const [small] = await planWith(10_000, ONE_STORE, SMALL_HEAP);
  const [large, unbounded] = await planWith(100_000, ONE_STORE, SMALL_HEAP, []);
  const [several] = await planWith(100_000, LOCAL_STORES, SMALL_HEAP);
  if (small === undefined || large === undefined || unbounded === undefined || several === undefined) {
    throw new Error('A plan is missing.');
  }
  return {
    figures: [
      {
        name: 'plan at 100,000 accounts, largest resident memory',
        value: large.residentMb,
        unit: 'MB',
        target: { atMost: 240 },
        kind: 'measure',
      },
      {
        name: 'plan at 100,000 accounts to three stores, largest resident memory',
        value: several.residentMb,
        unit: 'MB',
        target: { atMost: 300 },
        kind: 'measure',
      },
      {
        name: 'plan, time per account at 100,000 against 10,000',
        value: large.durationMs / 100_000 / (small.durationMs / 10_000),
        unit: 'times',
        target: { atMost: 1.2 },
        kind: 'measure',
      },
    ],
    notes: [
      `10,000 accounts: ${describe(small)}. 100,000: ${describe(large)}.`,
      `With V8's defaults, 100,000: ${describe(unbounded)}.`,
      `Three stores, 100,000: ${describe(several)}.`,
      `The bundle in a separate process (${SMALL_HEAP.join(' ')}), without latency. Every account has to be delivered, and Secrets Manager has as many secrets with other names.`,
    ],
  };
};

/** Measures a million accounts, for which the vault and the store take minutes and several GB. */
export const measureMillionPlan = async (): Promise<Measured> => {
  const [plan] = await planWith(1_000_000, ONE_STORE, LARGE_HEAP);
  if (plan === undefined) throw new Error('The plan is missing.');
  return {
    figures: [
      {
        name: 'plan at 1,000,000 accounts, largest resident memory',
        value: plan.residentMb,
        unit: 'MB',
        target: { atMost: 1400 },
        kind: 'measure',
      },
    ],
    notes: [`1,000,000 accounts: ${describe(plan)} (${LARGE_HEAP.join(' ')}).`],
  };
};

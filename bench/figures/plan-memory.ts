import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { awsEnvironment } from '#local/aws/environment.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { OWNER_TAG, ownerOf } from '#shared/names.ts';
import { type Measured, round } from '../figure.ts';
import { SEED } from '../worlds.ts';

const CHILD = resolve(import.meta.dirname, '../children/plan.mjs');

const functionSchema = z.object({
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
});

/** The environment that the template gives to `plan`. */
const environmentOf = ({ aws }: World): Record<string, string> => {
  const plan = aws.template.ofType('AWS::Lambda::Function').find(({ logicalId }) => logicalId.startsWith('Plan'));
  return functionSchema.parse(plan?.properties).Environment.Variables;
};

/** As many secrets as there are accounts, each of an older generation, so that plan holds all it ever holds. */
const fillStore = ({ vault, aws }: World, relayId: string): void => {
  for (const { accountId } of vault.accounts()) {
    aws.secretsManager.handle('CreateSecret', {
      Name: `${NAMES.secretPrefix}left-behind-system-${accountId}/_/account`,
      ClientRequestToken: randomUUID(),
      SecretString: 'of an older generation',
      Tags: [{ Key: OWNER_TAG, Value: ownerOf(relayId, NAMES.sync) }],
    });
  }
};

const planSchema = z.object({ batches: z.int(), durationMs: z.number(), residentMb: z.number() });

/** Plans in a process of its own; the vault and the AWS side are in this one. */
const planOnce = async (accounts: number) => {
  const world = await startWorld({ accounts, seed: SEED });
  try {
    const environment = environmentOf(world);
    fillStore(world, z.string().parse(environment['RELAY_ID']));
    const folder = join(world.directory, 'functions', 'plan');
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, join(folder, 'index.mjs'), NAMES.sync], {
      env: { ...environment, ...awsEnvironment(world.aws.endpoint), LAMBDA_TASK_ROOT: folder },
    });
    return planSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } finally {
    await world.close();
  }
};

/** What planning a full sync needs as the fleet grows. */
export const measurePlanMemory = async (): Promise<Measured> => {
  const small = await planOnce(10_000);
  const large = await planOnce(100_000);
  return {
    figures: [
      {
        name: 'plan at 100,000 accounts, largest resident memory',
        value: large.residentMb,
        unit: 'MB',
        target: { atMost: 300 },
      },
      {
        name: 'plan, time per account at 100,000 against 10,000',
        value: large.durationMs / 100_000 / (small.durationMs / 10_000),
        unit: 'times',
        target: { atMost: 1.2 },
      },
    ],
    notes: [
      `10,000 accounts: ${round(small.residentMb)} MB, ${round(small.durationMs / 1000)} s, ${small.batches} batches. 100,000: ${round(large.residentMb)} MB, ${round(large.durationMs / 1000)} s, ${large.batches} batches.`,
      'The bundle in a process of its own, without latency; every account is to be delivered, and the store holds as many secrets.',
    ],
  };
};

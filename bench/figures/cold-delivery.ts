import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { awsEnvironment } from '#local/aws/environment.ts';
import { LOCAL_STORES, type LocalStoreName } from '#local/stores.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import type { Step } from '#shared/workflows/step.ts';
import { functionName } from '#shared/workflows/step.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { bundleBareFunction } from '../bare-bundle.ts';
import { environmentOf } from '../environment.ts';
import { type Measured, median, spread } from '../figure.ts';
import { invokeCold, type Sample } from '../invoke-cold.ts';
import { plainFleet, SEED } from '../worlds.ts';

const ROUNDS = 9;

const RETRIEVE = functionName(syncSteps.retrieve);
const RUN = { workflow: 'sync', rule: NAMES.sync, run: `${NAMES.sync}.bench`, order: { sync: NAMES.sync } };

/** A planned sync with one account in each batch, whose `retrieve` step runs in a new process for each batch. */
interface PlannedSync {
  readonly world: World;
  /** Delivers the account of a batch. @throws if a store did not get it. */
  retrieve(batch: number): Promise<Sample>;
}

const invokeWarm = async ({ aws }: World, step: Step, event: unknown): Promise<unknown> => {
  const answer = await aws.functions.invoke(`${aws.template.stackName}-${functionName(step)}`, JSON.stringify(event));
  if (!answer.ok) throw new Error(answer.failure.errorMessage);
  return JSON.parse(answer.payload);
};

const planFor = async (stores: readonly LocalStoreName[]): Promise<PlannedSync> => {
  const world = await startWorld({
    accounts: 0,
    seed: SEED,
    populate: () => plainFleet(ROUNDS),
    stores,
    configure: (config) => config.setIn(['syncs', NAMES.sync, 'batchSize'], 1),
  });
  await invokeWarm(world, syncSteps.plan, RUN);
  const folder = join(world.directory, 'functions', RETRIEVE);
  const env = { ...environmentOf(world, RETRIEVE), LAMBDA_TASK_ROOT: folder };
  return {
    world,
    async retrieve(batch) {
      const own = { ...RUN, batch };
      const requested = await invokeWarm(world, syncSteps.request, own);
      const sample = await invokeCold(folder, { ...own, requested }, { env });
      const retrieved = syncSteps.retrieve.output.parse(sample.result);
      await invokeWarm(world, syncSteps.checkin, { ...own, requested, retrieved });
      const delivered = retrieved.settled.filter(({ outcome }) => outcome === 'delivered');
      if (delivered.length !== stores.length) throw new Error(`Batch ${batch} was not delivered to every store.`);
      return sample;
    },
  };
};

/** Prepares a minimal function that reads one secret. */
const prepareBare = async ({ aws, directory }: World): Promise<() => Promise<Sample>> => {
  const folder = join(directory, 'bare');
  await bundleBareFunction(folder);
  aws.secretsManager.handle('CreateSecret', {
    Name: 'bare',
    ClientRequestToken: randomUUID(),
    SecretString: 'read by the bare function',
  });
  const env = awsEnvironment(aws.endpoint);
  return () => invokeCold(folder, 'bare', { env });
};

/** Measures the CPU time from the start of a process until `retrieve` has delivered to one store, and to three. */
export const measureColdDelivery = async (): Promise<Measured> => {
  const one = await planFor([NAMES.store]);
  try {
    const three = await planFor(LOCAL_STORES);
    try {
      return await compare(await prepareBare(one.world), one, three);
    } finally {
      await three.world.close();
    }
  } finally {
    await one.world.close();
  }
};

/** In turn, so that load on the machine affects all of them. */
const compare = async (readBare: () => Promise<Sample>, one: PlannedSync, three: PlannedSync): Promise<Measured> => {
  const samples = { bare: [] as Sample[], one: [] as Sample[], three: [] as Sample[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    samples.bare.push(await readBare());
    samples.one.push(await one.retrieve(round));
    samples.three.push(await three.retrieve(round));
  }
  const cpuOf = (some: readonly Sample[]) => some.map(({ cpuMs }) => cpuMs);
  const describe = (name: string, some: readonly Sample[]) =>
    `${name}: ${spread(cpuOf(some), ' ms')} of CPU time, ${spread(
      some.map(({ durationMs }) => durationMs),
      ' ms',
    )} in all.`;
  return {
    figures: [
      {
        name: 'CPU time until sync-retrieve has delivered to three stores, against one store',
        value: median(cpuOf(samples.three)) / median(cpuOf(samples.one)),
        unit: 'times',
        target: { atMost: 1.3 },
        kind: 'measure',
      },
    ],
    notes: [
      describe('A bare function that reads one secret', samples.bare),
      describe('One account to one store', samples.one),
      describe('One account to three stores', samples.three),
      `${ROUNDS} new processes each, in turn. The time includes Node's start, all late imports, the vault's sign-in and all calls.`,
    ],
  };
};

import type { Document } from 'yaml';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { runClient } from '../clients.ts';
import { type Measured, median, spread } from '../figure.ts';
import { IN_FLIGHT, LATENCY_MS, limitInFlightOnly, SEED } from '../worlds.ts';

const ACCOUNTS = 2000;
const ROUNDS = 3;
const BATCH_SIZE = 250;
const CONCURRENCY = 4;
const HALF_AN_HOUR = 30 * 60_000;

const configure = (config: Document): void => {
  limitInFlightOnly(config);
  config.setIn(['syncs', NAMES.sync, 'batchSize'], BATCH_SIZE);
  config.setIn(['syncs', NAMES.sync, 'concurrency'], CONCURRENCY);
};

/**
 * Credentials a second over the whole Map of batches, from its start to its end: sign-ins, store calls, state machine
 * and all. What comes before and after it does not grow with the credentials that are read.
 */
const syncRate = async ({ vault, aws, runSync }: World): Promise<number> => {
  const before = vault.audit.length;
  const { arn, ending } = await runSync();
  if (ending?.status !== 'SUCCEEDED') throw new Error(`The sync ended as ${ending?.status}.`);
  const read = vault.audit.slice(before).filter(({ kind }) => kind === 'credential').length;
  const history = aws.stepFunctions.history(arn);
  const at = (type: string): number => {
    const event = history.find((one) => one.type === type);
    if (event === undefined) throw new Error(`The history of the sync has no ${type}.`);
    return event.timestamp;
  };
  return read / (at('MapStateExited') - at('MapStateEntered'));
};

const bareRate = async ({ vault }: World): Promise<number> => {
  const plain = vault.accounts().filter(({ kind }) => kind === 'plain');
  const { durationMs } = await runClient('bareLoop', vault, plain, IN_FLIGHT);
  return plain.length / (durationMs / 1000);
};

/** Makes the next sync a full one again: every credential changes, long after our own check-in of it. */
const changeAll = ({ vault, clock }: World): void => {
  clock.advance(HALF_AN_HOUR);
  for (const { kind, accountId } of vault.accounts()) if (kind === 'plain') vault.changeCredential(accountId);
  clock.advance(HALF_AN_HOUR);
};

/** The sync against a loop that does nothing but the same three calls, in turn, on one vault. */
export const measureThroughput = async (): Promise<Measured> => {
  const world = await startWorld({ accounts: ACCOUNTS, seed: SEED, latencyMs: LATENCY_MS, configure });
  try {
    const cold = await syncRate(world);
    const bare: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(await bareRate(world));
      changeAll(world);
      warm.push(await syncRate(world));
    }
    const ratios = warm.map((rate, index) => rate / (bare[index] ?? Number.NaN));
    return {
      figures: [
        {
          name: 'throughput of a full sync against a bare loop',
          value: median(ratios),
          unit: 'times',
          target: { atLeast: 0.8 },
        },
      ],
      notes: [
        `Sync ${spread(warm, '/s')}, bare loop ${spread(bare, '/s')}, ratio ${spread(ratios)}: ${ROUNDS} rounds in turn of ${ACCOUNTS} accounts.`,
        `Both have ${IN_FLIGHT} calls in flight at ${LATENCY_MS} ms of latency; the sync in ${CONCURRENCY} batches of ${BATCH_SIZE} at a time. The loop delivers nothing.`,
        `The first sync, whose functions started cold, all on this machine: ${(cold / median(bare)).toFixed(2)} of the loop.`,
      ],
    };
  } finally {
    await world.close();
  }
};

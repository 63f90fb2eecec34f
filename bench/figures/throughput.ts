import { startWorld, type World } from '#local/world.ts';
import { runClient } from '../clients.ts';
import { type Measured, median, round, spread } from '../figure.ts';
import { LATENCY_MS, limitInFlightOnly, SEED } from '../worlds.ts';

const ACCOUNTS = 400;
const ROUNDS = 3;
const HALF_AN_HOUR = 30 * 60_000;

/**
 * Few enough that both the sync and the loop wait for the vault, not for a processor: here one machine runs the vault,
 * AWS and the functions. With the default of 16 in flight, which is measured as well, the processor is the bottleneck.
 */
const IN_FLIGHT = 4;
const DEFAULT_IN_FLIGHT = 16;

/**
 * Credentials per second over the whole Map of batches, including sign-ins, store calls and the state machine. The work
 * before and after the Map does not grow with the number of credentials.
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

const bareRate = async ({ vault }: World, inFlight: number): Promise<number> => {
  const plain = vault.accounts().filter(({ kind }) => kind === 'plain');
  const { durationMs } = await runClient('bareLoop', vault, plain, inFlight);
  return plain.length / (durationMs / 1000);
};

/** Makes the next sync a full one: every credential changes, long after its check-in. */
const changeAll = ({ vault, clock }: World): void => {
  clock.advance(HALF_AN_HOUR);
  for (const { kind, accountId } of vault.accounts()) if (kind === 'plain') vault.changeCredential(accountId);
  clock.advance(HALF_AN_HOUR);
};

/** Measures the sync and the loop in turn on one vault. The first sync has cold starts and is reported separately. */
const compareRates = async (inFlight: number) => {
  const configure = limitInFlightOnly(inFlight);
  const world = await startWorld({ accounts: ACCOUNTS, seed: SEED, latencyMs: LATENCY_MS, configure });
  try {
    const cold = await syncRate(world);
    const bare: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(await bareRate(world, inFlight));
      changeAll(world);
      warm.push(await syncRate(world));
    }
    const ratios = warm.map((rate, index) => rate / (bare[index] ?? Number.NaN));
    const note = `${inFlight} in flight: sync ${spread(warm, '/s')}, bare loop ${spread(bare, '/s')}, ratio ${spread(ratios)}; the first sync with cold starts ${round(cold / median(bare))}.`;
    return { ratio: median(ratios), note };
  } finally {
    await world.close();
  }
};

/** Compares the sync with a loop that makes only the same three calls. */
export const measureThroughput = async (): Promise<Measured> => {
  const { ratio, note } = await compareRates(IN_FLIGHT);
  const atDefault = await compareRates(DEFAULT_IN_FLIGHT);
  return {
    figures: [
      {
        name: `throughput of a full sync against a bare loop, ${IN_FLIGHT} calls in flight`,
        value: ratio,
        unit: 'times',
        target: { atLeast: 0.85 },
        kind: 'measure',
      },
    ],
    notes: [
      note,
      atDefault.note,
      `${ROUNDS} rounds of ${ACCOUNTS} accounts, in turn, at ${LATENCY_MS} ms of latency. The sync delivers, and runs in batches with its defaults. The loop only makes the calls.`,
    ],
  };
};

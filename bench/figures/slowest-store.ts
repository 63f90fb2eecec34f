import { measureRun } from '#local/figures.ts';
import { startWorld } from '#local/world.ts';
import { describeLeast } from '#shared/domain/limits/estimate.ts';
import { type Measured, round } from '../figure.ts';
import { plainFleet, SEED } from '../worlds.ts';

const ACCOUNTS = 120;

/** Default of relay.yaml, and the quota of the simulator. */
const WRITES_PER_SECOND = 3;

const SLOWEST = 'parameters';

/** Measures a full sync to a fast store and a slow one, under the quotas and at the pace of both. */
export const measureSlowestStore = async (): Promise<Measured> => {
  const fleet = plainFleet(ACCOUNTS);
  const stores = ['aws', SLOWEST] as const;
  const world = await startWorld({ accounts: 0, seed: SEED, populate: () => fleet, quotas: 'documented', stores });
  try {
    const { delivered, durationMs, throttledCalls, report } = await measureRun(world, () => {});
    const { leastDuration } = report;
    if (leastDuration === undefined) throw new Error('The report has no time by the limits.');
    const name = `sync of ${ACCOUNTS} accounts to Secrets Manager and Parameter Store`;
    return {
      figures: [
        {
          name: `time of a ${name}, relative to the quota of Parameter Store alone`,
          value: durationMs / 1000 / (ACCOUNTS / WRITES_PER_SECOND),
          unit: 'times',
          target: { atMost: 1.2 },
          kind: 'measure',
        },
        {
          name: `deliveries that are missing, ${name}`,
          value: stores.length * ACCOUNTS - delivered,
          unit: 'deliveries',
          target: { atMost: 0 },
          kind: 'count',
        },
        {
          name: `difference between the time in the report and that of the quota of Parameter Store, ${name}`,
          value:
            leastDuration.store === SLOWEST
              ? Math.abs(leastDuration.seconds - ACCOUNTS / WRITES_PER_SECOND)
              : Number.NaN,
          unit: 's',
          target: { atMost: 0 },
          kind: 'count',
        },
      ],
      notes: [
        `${delivered} deliveries in ${round(durationMs / 1000)} s, cold starts included, ${throttledCalls} calls throttled and repeated. Time by the limits in the plan and the report: ${describeLeast(leastDuration)}.`,
      ],
    };
  } finally {
    await world.close();
  }
};

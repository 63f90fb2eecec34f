import { measureRun, type RunFigures } from '#local/figures.ts';
import { isDeliverable } from '#local/promises.ts';
import { NAMES, startWorld } from '#local/world.ts';
import { type Figure, type Measured, round } from '../figure.ts';
import { SEED } from '../worlds.ts';

const ACCOUNTS = 5000;

/** AWS allows 50 per second under each quota. */
const QUOTA = 50;
const WRITES_PER_SECOND = 46;

const HALF_AN_HOUR = 30 * 60_000;

const figuresOf = (name: string, run: RunFigures, expected: number, writes: number): Figure[] => [
  {
    name: `time of a sync of ${name} relative to the quota alone`,
    value: run.durationMs / 1000 / ((run.delivered * writes) / QUOTA),
    unit: 'times',
    target: { atMost: 1.2 },
    kind: 'measure',
  },
  {
    name: `deliverable accounts that were not delivered, sync of ${name}`,
    value: expected - run.delivered,
    unit: 'accounts',
    target: { atMost: 0 },
    kind: 'count',
  },
  {
    name: `items that failed by throttling, sync of ${name}`,
    value: run.report.remarks.filter(({ error }) => error === 'LimitReached' || error === 'StoreUnavailable').length,
    unit: 'items',
    target: { atMost: 0 },
    kind: 'count',
  },
];

/** Measures full syncs under the quotas of AWS: of new secrets, and of changed ones. */
export const measureUnderQuotas = async (): Promise<Measured> => {
  const world = await startWorld({
    accounts: ACCOUNTS,
    seed: SEED,
    quotas: 'documented',
    configure: (config) => config.setIn(['stores', NAMES.store, 'writesPerSecond'], WRITES_PER_SECOND),
  });
  const { vault, clock } = world;
  try {
    const fresh = await measureRun(world, () => {});
    clock.advance(HALF_AN_HOUR);
    const plain = vault.accounts().filter(({ kind }) => kind === 'plain');
    for (const { accountId } of plain) vault.changeCredential(accountId);
    clock.advance(HALF_AN_HOUR);
    const changed = await measureRun(world, () => {});
    const describe = (name: string, run: RunFigures) =>
      `${name}: ${run.delivered} delivered in ${round(run.durationMs / 1000)} s, ${run.throttledCalls} calls throttled and repeated; the report announced ${run.report.leastDuration?.seconds} s.`;
    return {
      figures: [
        ...figuresOf('5,000 new secrets', fresh, vault.accounts().filter(isDeliverable).length, 1),
        ...figuresOf('5,000 changed secrets', changed, plain.length, 2),
      ],
      notes: [
        describe('New secrets, one write each', fresh),
        describe('Changed secrets, two writes each', changed),
        `writesPerSecond is ${WRITES_PER_SECOND} of the ${QUOTA} that AWS allows under each quota.`,
      ],
    };
  } finally {
    await world.close();
  }
};

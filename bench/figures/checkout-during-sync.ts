import { setTimeout as sleep } from 'node:timers/promises';
import { NAMES, startWorld } from '#local/world.ts';
import { addCheckoutRule, eachOnce, timeDelivery } from '../checkouts.ts';
import { type Measured, median, round } from '../figure.ts';
import { LATENCY_MS, SEED } from '../worlds.ts';

const ACCOUNTS = 1000;
const ROUNDS = 3;
const WINDOW_MINUTES = 60;
const LIMITS = { inFlight: 4, perSecond: 100, timeoutSeconds: 5 };

/** Measures the time from a message to its delivery, alone and while a full sync uses all limits. */
export const measureCheckoutDuringSync = async (): Promise<Measured> => {
  const world = await startWorld({
    accounts: ACCOUNTS,
    seed: SEED,
    latencyMs: LATENCY_MS,
    quotas: 'documented',
    configure: (config) => {
      config.setIn(['connections', NAMES.connection, 'limits'], LIMITS);
      config.setIn(['syncs', NAMES.sync, 'select'], { accounts: ['!reader'] });
      addCheckoutRule(config);
    },
  });
  try {
    const readers = world.vault
      .accounts()
      .filter(({ kind, accountName }) => kind === 'plain' && accountName === 'reader');
    const next = eachOnce(readers);
    const deliver = (id: string) => timeDelivery(world, id, next(), WINDOW_MINUTES);
    // The first one starts the functions.
    await deliver('cold');
    const alone: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) alone.push(await deliver(`alone-${turn}`));
    const sync = world.runSync();
    await sleep(5000);
    const during: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) during.push(await deliver(`during-${turn}`));
    const { ending } = await sync;
    if (ending?.status !== 'SUCCEEDED') throw new Error(`The sync ended as ${ending?.status}.`);
    return {
      figures: [
        {
          name: 'time from message to delivery of a checkout during a full sync, beyond the time without one',
          value: Math.max(...during) - median(alone),
          unit: 's',
          target: { atMost: 10 },
          kind: 'measure',
        },
      ],
      notes: [
        `Without a sync ${alone.map(round).join(', ')} s; during one ${during.map(round).join(', ')} s.`,
        `A sync of ${ACCOUNTS} accounts on a connection with ${LIMITS.inFlight} calls in flight and ${LIMITS.perSecond} per second.`,
      ],
    };
  } finally {
    await world.close();
  }
};

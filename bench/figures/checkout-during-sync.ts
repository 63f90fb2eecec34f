import { setTimeout as sleep } from 'node:timers/promises';
import { machineArn } from '#local/executions.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { type Measured, median, round } from '../figure.ts';
import { LATENCY_MS, SEED } from '../worlds.ts';

const ACCOUNTS = 1000;
const ROUNDS = 3;
const RULE = 'tickets';
const LIMITS = { inFlight: 4, perSecond: 100, timeoutSeconds: 5 };
const MAX_WAIT_MS = 60_000;

/** Starts a checkout as its message would, and returns the seconds until its credential is in the store. */
const timeCheckout = async (world: World, id: string, account: { systemName: string; accountName: string }) => {
  const { aws, clock } = world;
  const principal = { kind: 'aws', id: 'AIDA000000000BENCH' } as const;
  const opening = new Date(clock.now()).toISOString();
  const identity = { checkout: RULE, id, principal, opening };
  const order = {
    type: 'checkout.requested',
    ...identity,
    items: [{ systemName: account.systemName, accountName: account.accountName }],
    window: { minutes: 60 },
    reason: 'Measure the time',
  };
  const startedAt = performance.now();
  aws.stepFunctions.start(machineArn(world, 'checkout'), JSON.stringify(order), checkoutRun(identity));
  const isDelivered = () =>
    Object.keys(aws.secretsManager.currentValues()).some((name) => name.startsWith(`${RULE}/${id}/`));
  while (!isDelivered()) {
    if (performance.now() - startedAt > MAX_WAIT_MS) throw new Error(`The checkout ${id} was not delivered.`);
    await sleep(50);
  }
  return (performance.now() - startedAt) / 1000;
};

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
      config.setIn(['checkouts', RULE], {
        connection: NAMES.connection,
        stores: [NAMES.store],
        name: `${RULE}/{checkoutId}/{systemName}/{accountName}`,
        value: '{credential}',
      });
    },
  });
  try {
    const readers = world.vault
      .accounts()
      .filter(({ kind, accountName }) => kind === 'plain' && accountName === 'reader');
    const nextReader = () => {
      const reader = readers.shift();
      if (reader === undefined) throw new Error('There are not enough accounts.');
      return reader;
    };
    // The first one starts the functions.
    await timeCheckout(world, 'cold', nextReader());
    const alone: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) alone.push(await timeCheckout(world, `alone-${turn}`, nextReader()));
    const sync = world.runSync();
    await sleep(5000);
    const during: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) during.push(await timeCheckout(world, `during-${turn}`, nextReader()));
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

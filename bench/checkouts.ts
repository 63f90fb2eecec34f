import { setTimeout as sleep } from 'node:timers/promises';
import type { Document } from 'yaml';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { NAMES, type World } from '#local/world.ts';

/** Checkouts whose delivery is timed. */

const RULE = 'tickets';
const MAX_WAIT_MS = 60_000;
const LOOK_MS = 10;

/** Adds the rule of the checkouts to a relay.yaml. */
export const addCheckoutRule = (config: Document): void => {
  config.setIn(['checkouts', RULE], {
    connection: NAMES.connection,
    stores: [NAMES.store],
    name: `${RULE}/{checkoutId}/{systemName}/{accountName}`,
    value: '{credential}',
  });
};

/**
 * Sends the message of a checkout to the queue, and returns the seconds until its credential is in the store. Each
 * checkout needs an id and an account of its own.
 */
export const timeDelivery = async (
  { aws }: Pick<World, 'aws'>,
  id: string,
  { systemName, accountName }: Pick<FleetAccount, 'systemName' | 'accountName'>,
  windowMinutes: number,
): Promise<number> => {
  const message = {
    type: 'checkout.requested',
    checkout: RULE,
    id,
    items: [{ systemName, accountName }],
    window: { minutes: windowMinutes },
    reason: 'Measure the time',
  };
  const startedAt = performance.now();
  await aws.queues.send(`${aws.template.stackName}-intake`, JSON.stringify(message));
  const isDelivered = () =>
    Object.keys(aws.secretsManager.currentValues()).some((name) => name.startsWith(`${RULE}/${id}/`));
  while (!isDelivered()) {
    if (performance.now() - startedAt > MAX_WAIT_MS) throw new Error(`The checkout ${id} was not delivered.`);
    await sleep(LOOK_MS);
  }
  return (performance.now() - startedAt) / 1000;
};

/** Returns each account once, one for each call. */
export const eachOnce = <T>(accounts: readonly T[]): (() => T) => {
  const left = [...accounts];
  return () => {
    const account = left.shift();
    if (account === undefined) throw new Error('There are not enough accounts.');
    return account;
  };
};

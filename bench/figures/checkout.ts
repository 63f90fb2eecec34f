import { finish, machineArn } from '#local/executions.ts';
import type { AuditEntry } from '#local/simulators/password-safe/audit.ts';
import { startWorld, type World } from '#local/world.ts';
import { addCheckoutRule, eachOnce, timeDelivery } from '../checkouts.ts';
import { type Measured, median, spread } from '../figure.ts';
import { LATENCY_MS, plainFleet, SEED } from '../worlds.ts';

/** Half of the life of an access token. */
const WINDOW_MINUTES = 30;
const TIMED = 7;
const COUNTED = 3;
const DAY_MS = 86_400_000;

/** Advances the clock until every checkout has ended. @throws if one did not end as completed and confirmed. */
const finishAll = async (world: World): Promise<void> => {
  for (const execution of world.aws.stepFunctions.list(machineArn(world, 'checkout'))) {
    const output = JSON.stringify(await finish(world, execution));
    if (output !== '{"status":"completed","notes":[]}') throw new Error(`A checkout ended with ${output}.`);
  }
};

/** The calls of each session, and those outside of a session. */
const describeCalls = (calls: readonly AuditEntry[]): string =>
  [...Map.groupBy(calls, ({ session }) => session).values()]
    .map((own) => own.map(({ method, template }) => `${method} ${template}`).join(', '))
    .join('; ');

/**
 * Measures one checkout that the vault approves automatically: its vault calls from the message to the confirmed
 * change, and the time until its credential is in the store.
 */
export const measureCheckout = async (): Promise<Measured> => {
  const world = await startWorld({
    accounts: 0,
    seed: SEED,
    latencyMs: LATENCY_MS,
    populate: () => plainFleet(1 + TIMED + COUNTED),
    configure: addCheckoutRule,
  });
  try {
    const next = eachOnce(world.vault.accounts());
    const deliver = (id: string) => timeDelivery(world, id, next(), WINDOW_MINUTES);
    // The first one starts the functions.
    const cold = await deliver('cold');
    const warm: number[] = [];
    for (let turn = 0; turn < TIMED; turn++) warm.push(await deliver(`timed-${turn}`));
    await finishAll(world);

    const counted: AuditEntry[][] = [];
    for (let turn = 0; turn < COUNTED; turn++) {
      // The token of the previous one has expired.
      world.clock.advance(DAY_MS);
      const from = world.vault.audit.length;
      await deliver(`counted-${turn}`);
      await finishAll(world);
      counted.push(world.vault.audit.slice(from));
    }
    const most = (countOf: (calls: readonly AuditEntry[]) => number) => Math.max(...counted.map(countOf));
    return {
      figures: [
        {
          name: 'vault calls of a checkout that is approved automatically, from message to confirmed change',
          value: most((calls) => calls.length),
          unit: 'calls',
          target: { atMost: 16 },
          kind: 'count',
        },
        {
          name: 'sign-ins of the same checkout',
          value: most((calls) => calls.filter(({ kind }) => kind === 'signIn').length),
          unit: 'sign-ins',
          target: { atMost: 4 },
          kind: 'count',
        },
        {
          name: 'time from the message of a checkout until its credential is in the store, functions warm',
          value: median(warm),
          unit: 's',
          target: { atMost: 3 },
          kind: 'measure',
        },
      ],
      notes: [
        `Calls, by session: ${describeCalls(counted[0] ?? [])}.`,
        `A window of ${WINDOW_MINUTES} minutes, so one token serves the whole checkout. A window that outlasts it needs another one.`,
        `Until the delivery: ${spread(warm, ' s')} warm, ${cold.toFixed(2)} s with cold starts, at ${LATENCY_MS} ms of latency.`,
      ],
    };
  } finally {
    await world.close();
  }
};

import type { Document } from 'yaml';
import type { Execution } from '#local/aws/step-functions/step-functions.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';
import { type Measured, round } from '../figure.ts';
import { LATENCY_MS, SEED } from '../worlds.ts';

const SYNCS = 40;
const ACCOUNTS_PER_SYNC = 10;

const LIMITS = { inFlight: 8, perSecond: 60, timeoutSeconds: 5 };

/** The example's sync, 40 times, each with its own accounts: those of two systems. */
const addSyncs = (systems: readonly string[]) => (config: Document) => {
  config.setIn(['connections', NAMES.connection, 'limits'], LIMITS);
  const { [NAMES.sync]: sync }: Record<string, object> = config.toJS().syncs;
  for (let index = 0; index < SYNCS; index++) {
    const name = `fleet-${String(index).padStart(2, '0')}`;
    const own = {
      name: `${name}/{systemName}/{domainName}/{accountName}`,
      select: { systems: systems.slice(2 * index, 2 * index + 2) },
    };
    config.setIn(['syncs', name], config.createNode({ ...sync, ...own }));
  }
  config.deleteIn(['syncs', NAMES.sync]);
};

/** Kills the functions of half of the syncs once, while they run. */
const killHalf = async ({ aws }: World, whileRunning: Promise<unknown>): Promise<number> => {
  let killed = 0;
  let isRunning = true;
  void whileRunning.finally(() => {
    isRunning = false;
  });
  for (const step of ['sync-request', 'sync-retrieve', 'sync-checkin', 'sync-plan']) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    if (!isRunning) break;
    await aws.functions.kill(`${aws.template.stackName}-${step}`);
    killed++;
  }
  return killed;
};

const runAll = async (world: World, isDeadly: boolean) => {
  const runs = Array.from({ length: SYNCS }, (_, index) => world.runSync(`fleet-${String(index).padStart(2, '0')}`));
  const all = Promise.all(runs);
  const kills = isDeadly ? await killHalf(world, all) : 0;
  const executions: Execution[] = await all;
  return { kills, ended: executions.filter(({ ending }) => ending !== undefined).length };
};

/** Measures the load on the vault when forty syncs start in the same second on one connection. */
export const measureManySyncs = async (): Promise<Measured> => {
  const systems = Array.from({ length: 2 * SYNCS }, (_, index) => {
    const family = ['db', 'web', 'ad', 'win', 'cloud', 'app'][index % 6];
    return `${family}-${String(Math.floor(index / 6) + 1).padStart(4, '0')}`;
  });
  const world = await startWorld({
    accounts: SYNCS * ACCOUNTS_PER_SYNC,
    seed: SEED,
    latencyMs: LATENCY_MS,
    quotas: 'documented',
    configure: addSyncs(systems),
  });
  const { vault, clock } = world;
  try {
    const startedAt = performance.now();
    const calm = await runAll(world, false);
    const seconds = (performance.now() - startedAt) / 1000;
    for (const { kind, accountId } of vault.accounts()) if (kind === 'plain') vault.changeCredential(accountId);
    clock.advance(60 * 60_000);
    const deadly = await runAll(world, true);
    clock.advance(60 * 60_000);
    await world.runReap();
    const { calls, maxInFlight, maxPerSecond } = vault.load();
    return {
      figures: [
        {
          name: `calls in flight, ${SYNCS} syncs on a connection that allows ${LIMITS.inFlight}`,
          value: maxInFlight,
          unit: 'calls',
          target: { atMost: LIMITS.inFlight },
          kind: 'count',
        },
        {
          name: `calls in any second, ${SYNCS} syncs on a connection that allows ${LIMITS.perSecond}`,
          value: maxPerSecond,
          unit: 'calls',
          target: { atMost: LIMITS.perSecond },
          kind: 'count',
        },
        {
          name: `syncs that did not end, of ${2 * SYNCS}`,
          value: 2 * SYNCS - calm.ended - deadly.ended,
          unit: 'syncs',
          target: { atMost: 0 },
          kind: 'count',
        },
        {
          name: 'requests left open, after the functions died and reap ran',
          value: vault.openRequests().length,
          unit: 'requests',
          target: { atMost: 0 },
          kind: 'count',
        },
      ],
      notes: [
        `${SYNCS} syncs of ${ACCOUNTS_PER_SYNC} new accounts each took ${round(seconds)} s; ${calls} calls in both rounds.`,
        `In the second round, every running copy of ${deadly.kills} functions was killed.`,
      ],
    };
  } finally {
    await world.close();
  }
};

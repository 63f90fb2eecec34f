import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { RelayError } from '#shared/errors.ts';
import { recordAt } from '#shared/records/records.ts';
import { readConfiguration } from '../configuration.ts';
import type { Output } from '../output.ts';
import { type Deployment, findDeployment } from './deployment.ts';
import { showPlans } from './show-plan.ts';
import { createSides } from './sides.ts';
import { planOneSync, type SyncPlan } from './sync-plan.ts';

export interface PlanCommandOptions {
  /** Syncs to plan; undefined for all. */
  readonly sync?: readonly string[] | undefined;
  readonly stack?: string | undefined;
  readonly credentialsSecret?: string | undefined;
  readonly json: boolean;
}

/** `pam-relay plan`: prints what a run of each sync would do now. Returns the exit code. */
export const plan = async (file: string, options: PlanCommandOptions, output: Output): Promise<number> => {
  const { stack, credentialsSecret, json } = options;
  const config = readConfiguration(file);
  const syncs = chooseSyncs(config, options);
  const { records, ...deployment } = await findDeployment(config.relay, stack);
  const sides = createSides({
    config,
    relayId: deployment.relayId,
    environment: output.environment,
    credentialsSecret,
    onNotice: output.err,
  });
  const plans: SyncPlan[] = [];
  for (const sync of syncs) {
    const memory = await memoryOf(sync, records);
    plans.push(await planOneSync({ sides, sync, relayId: deployment.relayId, memory, records, now: Date.now() }));
  }
  if (json) output.out(JSON.stringify({ ...deployment, syncs: plans }, null, 2));
  else for (const line of showPlans(deployment, plans, output.paint)) output.out(line);
  return 0;
};

const memoryOf = async (sync: string, records: Deployment['records']) =>
  records === undefined ? 'unknown' : ((await records.read(recordAt.memory(sync))) ?? emptyMemory());

/** Returns the syncs to plan. Raises `ConfigurationInvalid` if one does not exist, or if they need several secrets. */
export const chooseSyncs = (
  config: Pick<RelayConfig, 'syncs' | 'checkouts'>,
  { sync: wanted, credentialsSecret }: Pick<PlanCommandOptions, 'sync' | 'credentialsSecret'>,
): string[] => {
  const syncs = [...new Set(wanted ?? Object.keys(config.syncs))];
  if (syncs.length === 0) {
    throw new RelayError(
      'ConfigurationInvalid',
      'There is no sync to plan. Checkouts and blueprints act on messages, so they have no plan.',
    );
  }
  const connections = new Set(syncs.map((sync) => ruleOf(config, 'sync', sync).connection));
  if (credentialsSecret === undefined || connections.size <= 1) return syncs;
  throw new RelayError(
    'ConfigurationInvalid',
    `--credentials-secret is for one connection, but these syncs read from ${[...connections].join(', ')}. Plan the syncs of one connection at a time: --sync ${syncs[0]}`,
  );
};

import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { RelayError } from '#shared/errors.ts';
import { recordAt } from '#shared/records/records.ts';
import { readConfiguration } from '../configuration.ts';
import type { Output } from '../output.ts';
import { type Deployment, findDeployment } from './deployment.ts';
import { planOneRotation, type RotationPlan, showRotation } from './rotation-plan.ts';
import { showPlans } from './show-plan.ts';
import { createSides } from './sides.ts';
import { planOneSync, type SyncPlan } from './sync-plan.ts';

export interface PlanCommandOptions {
  /** Syncs to plan; undefined for all. */
  readonly sync?: readonly string[] | undefined;
  /** Rotations to plan instead of all syncs. */
  readonly rotation?: readonly string[] | undefined;
  readonly stack?: string | undefined;
  readonly credentialsSecret?: string | undefined;
  readonly json: boolean;
}

/** `pam-relay plan`: prints what a run of each sync or rotation would do now. Returns the exit code. */
export const plan = async (file: string, options: PlanCommandOptions, output: Output): Promise<number> => {
  const { stack, credentialsSecret, json } = options;
  const config = readConfiguration(file);
  const { syncs, rotations } = chooseRules(config, options);
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
  const waves: RotationPlan[] = [];
  // A scheduled run selects by its rule alone, and by no ticket.
  const rotating = { ...sides, vaultOf: (name: string) => sides.vaultOf(name, 1), checkoutsUnder: async () => [] };
  for (const rotation of rotations) waves.push(await planOneRotation(rotating, rotation));
  if (json) {
    output.out(JSON.stringify({ ...deployment, syncs: plans, ...(waves.length > 0 && { rotations: waves }) }, null, 2));
  } else {
    for (const line of showPlans(deployment, plans, output.paint)) output.out(line);
    for (const one of waves) for (const line of ['', ...showRotation(one, output.paint)]) output.out(line);
  }
  return 0;
};

const memoryOf = async (sync: string, records: Deployment['records']) =>
  records === undefined ? 'unknown' : ((await records.read(recordAt.memory(sync))) ?? emptyMemory());

/** Rules to plan. */
interface Rules {
  readonly syncs: readonly string[];
  readonly rotations: readonly string[];
}

/**
 * Returns the rules to plan: all syncs, or those that are named. Raises `ConfigurationInvalid` if one does not exist,
 * or if they need several secrets.
 */
export const chooseRules = (
  config: Pick<RelayConfig, 'syncs' | 'checkouts' | 'rotations'>,
  { sync, rotation, credentialsSecret }: Pick<PlanCommandOptions, 'sync' | 'rotation' | 'credentialsSecret'>,
): Rules => {
  const syncs = [...new Set(sync ?? (rotation === undefined ? Object.keys(config.syncs) : []))];
  const rotations = [...new Set(rotation ?? [])];
  if (syncs.length + rotations.length === 0) {
    throw new RelayError(
      'ConfigurationInvalid',
      'There is no sync to plan. Checkouts and blueprints act on messages, so they have no plan.',
    );
  }
  const connections = new Set([
    ...syncs.map((name) => ruleOf(config, 'sync', name).connection),
    ...rotations.flatMap((name) => {
      const { connection, with: changes = connection } = ruleOf(config, 'rotate', name);
      return [connection, changes];
    }),
  ]);
  if (credentialsSecret === undefined || connections.size <= 1) return { syncs, rotations };
  throw new RelayError(
    'ConfigurationInvalid',
    `--credentials-secret is for one connection, but these rules need ${[...connections].join(', ')}. Name one rule at a time, or set the variables of these connections instead.`,
  );
};

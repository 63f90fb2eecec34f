import { join } from 'node:path';
import { type DeclaredPerson, DIRECTORY_RULE, type Organization } from '#local/directory/organization.ts';
import type { AuditEntry } from '#local/simulators/secretsafe/audit.ts';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import { type Fleet, STATUS, TYPE } from '#local/simulators/secretsafe/organization.ts';
import type { World } from '#local/world.ts';
import { markOf } from '#shared/domain/directory/marks.ts';
import { type DirectoryApplied, directorySteps } from '#shared/workflows/directory.ts';
import { functionName } from '#shared/workflows/step.ts';
import { environmentOf } from './environment.ts';
import { invokeCold, type Sample, SMALL_HEAP } from './invoke-cold.ts';
import { SEED } from './worlds.ts';

/** A large organization, and runs over it. */
export const ORGANIZATION = { members: 10_000, groups: 500, collections: 200 };

const GROUPS_OF_MEMBER = 3;

const OWNER = { relay: 'pam-relay', rule: DIRECTORY_RULE };

/** Members who all are active, and groups with a name each. An earlier relay has marked them. */
export const largeFleet = (): Fleet => {
  const { members, groups, collections } = createFleet({ ...ORGANIZATION, seed: SEED });
  const groupIdsAt = (index: number) =>
    Array.from({ length: GROUPS_OF_MEMBER }, (_, at) => groups[(index + at * 7) % groups.length]?.id ?? '');
  return {
    collections,
    groups: groups.map((group, index) => ({
      ...group,
      name: `Team ${index + 1}`,
      externalId: markOf(OWNER, 'group', group.id),
    })),
    members: members.map((member, index) => ({
      ...member,
      ...{ type: index === 0 ? TYPE.owner : TYPE.user, permissions: null, status: STATUS.confirmed },
      ...{ externalId: markOf(OWNER, 'member', member.id), accessAll: false },
      groupIds: groupIdsAt(index),
    })),
  };
};

/** The members of an organization as people to declare, in the same order. */
export const declaredIn = ({ server }: Organization): readonly DeclaredPerson[] => {
  const names = new Map(server.groups().map(({ id, name }) => [id, name]));
  return server.members().map(({ email, groupIds, access }) => ({
    email,
    groups: groupIds.flatMap((id) => names.get(id) ?? []),
    collections: Object.entries(access).map(([collection, rights]) => ({ collection, ...rights })),
  }));
};

/** A function of a run, which had a process of its own. */
interface MeasuredStep extends Sample {
  /** Calls of the API, without tokens. */
  readonly calls: readonly AuditEntry[];
}

export interface MeasuredRun {
  readonly plan: MeasuredStep;
  readonly apply: MeasuredStep;
  readonly applied: DirectoryApplied;
}

/** Returns a function that runs the three functions of the rule, as the workflow does. */
export const createRuns =
  (world: World, { server }: Organization) =>
  async (name: string): Promise<MeasuredRun> => {
    const order = { rule: DIRECTORY_RULE, trigger: 'schedule' };
    const common = { workflow: 'directory', rule: DIRECTORY_RULE, run: `${DIRECTORY_RULE}.${name}`, order };
    const invoke = async (step: keyof typeof directorySteps, more: object): Promise<MeasuredStep> => {
      const from = server.audit.length;
      const own = functionName(directorySteps[step]);
      const folder = join(world.directory, 'functions', own);
      const env = { ...environmentOf(world, own), LAMBDA_TASK_ROOT: folder };
      const sample = await invokeCold(folder, { ...common, ...more }, { env, flags: SMALL_HEAP });
      return { ...sample, calls: server.audit.slice(from).filter(({ kind }) => kind !== 'token') };
    };
    const plan = await invoke('plan', {});
    const planned = directorySteps.plan.output.parse(plan.result);
    const apply = await invoke('apply', { planned });
    const applied = directorySteps.apply.output.parse(apply.result);
    await invoke('report', { planned, applied });
    return { plan, apply, applied };
  };

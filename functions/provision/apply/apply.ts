import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { inSlot } from '#shared/limits/slots.ts';
import { prepareResources } from '#shared/provisioning/prepared.ts';
import { openResources } from '#shared/provisioning/resource-work.ts';
import { holdSubject } from '#shared/provisioning/subject-record.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { Applied, ProvisionStepInput } from '#shared/workflows/provision.ts';
import { type ProvisionDependencies, provisionSubject } from './provision.ts';
import { removeSubject, undoRun, withdrawSubject } from './remove.ts';
import { progressOf, type TaskContext } from './task.ts';

export interface ApplyDependencies extends ProvisionDependencies {
  readonly relayId: string;
  /** Raises `ConfigurationInvalid` if the deployed relay.yaml has no such entry. */
  readonly blueprintOf: (rule: string) => BlueprintConfig;
  readonly typesOf: (connection: string) => Promise<ResourceTypes>;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  /** Calls that a connection may have in flight. */
  readonly inFlightOf: (connection: string) => number;
  readonly records: SharedRecords;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Carries out the task of a subject as far as one invocation gets: until a late effect has to be waited for, or the
 * time is up. After an error it undoes what this execution made. Repeatable: it finds what earlier attempts did.
 */
export const createApply =
  (dependencies: ApplyDependencies) =>
  async (input: ProvisionStepInput, { remainingMs }: StepContext): Promise<Applied> => {
    const { blueprintOf, records, inFlightOf, now } = dependencies;
    const blueprint = blueprintOf(input.rule);
    const { connection } = blueprint;
    return inSlot({ connection, max: inFlightOf(connection), records, remainingMs, now }, () =>
      workOnSubject(input, blueprint, remainingMs, dependencies),
    );
  };

const workOnSubject = async (
  input: ProvisionStepInput,
  blueprint: BlueprintConfig,
  remainingMs: StepContext['remainingMs'],
  dependencies: ApplyDependencies,
): Promise<Applied> => {
  const { typesOf, vaultOf, records, relayId, now } = dependencies;
  const subject = await holdSubject(records, { rule: input.rule, subject: input.order.subject }, input.run);
  const types = await typesOf(blueprint.connection);
  const vault = await vaultOf(blueprint.connection);
  const inputs = subject.current().running?.order.inputs ?? {};
  return vault.session(async (session) =>
    carryOut(
      {
        relayId,
        run: input.run,
        workOn: await openResources(session),
        subject,
        types,
        blueprint,
        inputs,
        remainingMs,
        now,
      },
      input,
      dependencies,
    ),
  );
};

const carryOut = async (
  context: TaskContext,
  input: ProvisionStepInput,
  dependencies: ProvisionDependencies,
): Promise<Applied> => {
  const progress = progressOf(input);
  if (input.error !== undefined) return undoRun(context, progress);
  switch (input.planned?.task) {
    case 'provision': {
      const resources = prepareResources(context.types, context.blueprint, context.inputs);
      return provisionSubject(context, resources, dependencies, progress);
    }
    case 'withdraw':
      return withdrawSubject(context, progress);
    case 'remove':
      return removeSubject(context, progress);
    default:
      throw new RelayError('ContractViolated', 'The step provision/apply was called without a task.');
  }
};

import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { Provider } from '#shared/connections/provider.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import type { Subject } from '#shared/domain/blueprint/subject.ts';
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
import { finish, progressOf, type TaskContext } from './task.ts';

export interface ApplyDependencies extends ProvisionDependencies {
  readonly relayId: string;
  /** Raises `ConfigurationInvalid` if the deployed relay.yaml has no such entry. */
  readonly blueprintOf: (rule: string) => BlueprintConfig;
  readonly typesOf: (connection: string) => Promise<ResourceTypes>;
  readonly providerOf: (connection: string) => Promise<Provider>;
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
  const { typesOf, providerOf, records, relayId, now } = dependencies;
  const subject = await holdSubject(records, { rule: input.rule, subject: input.order.subject }, input.run);
  const types = await typesOf(blueprint.connection);
  const provider = await providerOf(blueprint.connection);
  const inputs = subject.current().running?.order.inputs ?? {};
  return provider.session(async (session) =>
    carryOut(
      {
        relayId,
        attempt: attemptOf(input, subject.current()),
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

/** One execution can carry out several orders. An undo takes back only what was made for one of them. */
const attemptOf = ({ run }: ProvisionStepInput, { running, wanted }: Subject): string =>
  `${run}/${(running?.order ?? wanted).position}`;

const carryOut = async (
  context: TaskContext,
  input: ProvisionStepInput,
  dependencies: ProvisionDependencies,
): Promise<Applied> => {
  const progress = progressOf(input);
  if (input.error !== undefined) {
    // A withdrawal and a deletion are repeated. Nothing is made or deleted because of them.
    return input.planned?.task === 'provision' ? undoRun(context, progress) : finish(progress);
  }
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

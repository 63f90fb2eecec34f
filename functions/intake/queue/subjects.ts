import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { DeprovisionRequested, ProvisionRequested } from '#shared/messages/messages.ts';
import { createStartSubject, type StartSubjectDependencies } from '#shared/provisioning/start-subject.ts';

export interface SubjectActionDependencies extends StartSubjectDependencies {
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Creates the actions of messages about subjects of blueprints. A subject belongs to its sender. Repeatable. */
export const createSubjectActions = ({ now, ...dependencies }: SubjectActionDependencies) => {
  const start = createStartSubject(dependencies);
  return async (message: ProvisionRequested | DeprovisionRequested, owner: Principal): Promise<void> => {
    const { provisioning: rule, subject, position } = message;
    await start(
      { rule, subject, owner },
      {
        position,
        action: message.type === 'provision.requested' ? 'provision' : 'deprovision',
        inputs: message.type === 'provision.requested' ? message.inputs : {},
        at: new Date(now()).toISOString(),
      },
    );
  };
};

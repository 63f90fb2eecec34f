import type { RelayConfig } from '#shared/config/schema.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { DeprovisionRequested, ProvisionRequested } from '#shared/messages/messages.ts';
import type { StartSubject } from '#shared/provisioning/start-subject.ts';

export interface SubjectActionDependencies {
  readonly rules: Pick<RelayConfig, 'provisioning'>;
  readonly startSubject: StartSubject;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Creates the action of messages about subjects of blueprints. A subject belongs to its sender. Repeatable. */
export const createSubjectAction =
  ({ rules, startSubject, now }: SubjectActionDependencies) =>
  (message: ProvisionRequested | DeprovisionRequested, owner: Principal): Promise<void> => {
    const { provisioning: rule, subject, position } = message;
    const isProvisioning = message.type === 'provision.requested';
    return startSubject(
      { rule, subject, owner, takesMachines: rules.provisioning[rule]?.ec2 === undefined },
      {
        position,
        action: isProvisioning ? 'provision' : 'deprovision',
        inputs: isProvisioning ? message.inputs : {},
        at: new Date(now()).toISOString(),
      },
    );
  };

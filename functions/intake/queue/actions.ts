import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import { maySelect } from '#shared/domain/addressing.ts';
import { type Principal, principalOf } from '#shared/domain/checkout/principal.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutActionDependencies, createCheckoutActions } from '#shared/messages/checkout-actions.ts';
import type { CredentialChanged, Message } from '#shared/messages/messages.ts';
import { createStartNamedRun } from '#shared/messages/named-runs.ts';
import type { Records } from '#shared/records/records.ts';
import type { QueueRecord } from '#shared/workflows/intake.ts';
import { createReleaseHolds, type HoldActionDependencies } from './holds.ts';
import { createMemberAction, type MemberActionDependencies } from './members.ts';
import type { AddressOf, Rules } from './read-message.ts';
import { createRotationActions, type RotationActionDependencies } from './rotations.ts';
import { createSubjectAction, type SubjectActionDependencies } from './subjects.ts';

export interface ActionDependencies
  extends CheckoutActionDependencies,
    SubjectActionDependencies,
    MemberActionDependencies,
    HoldActionDependencies,
    RotationActionDependencies {
  readonly rules: Rules;
  readonly addressOf: AddressOf;
  readonly rulesOf: (rule: SyncConfig) => Promise<Pick<SourceRules, 'address' | 'patterns'>>;
  readonly records: Pick<Records, 'read' | 'write'>;
}

/** Sender and time of a message, from SQS. */
type Sent = Pick<QueueRecord['attributes'], 'SenderId' | 'SentTimestamp'>;

/** Creates the actions for all types of message. Repeatable. */
export const createActions = (dependencies: ActionDependencies) => {
  const { rules, rulesOf } = dependencies;
  const checkouts = createCheckoutActions(dependencies);
  const subjects = createSubjectAction(dependencies);
  const members = createMemberAction(dependencies);
  const rotations = createRotationActions(dependencies);
  const startNamedRun = createStartNamedRun(dependencies);

  const startSyncs = async (changed: Pick<CredentialChanged, 'connection' | 'item'>): Promise<void> => {
    const syncs = await syncsThatMaySelect(changed, rules, rulesOf);
    await Promise.all(syncs.map((sync) => startNamedRun(sync, changed.item)));
  };
  const releaseHolds = createReleaseHolds(dependencies, startSyncs);

  return async (message: Message, { SenderId, SentTimestamp }: Sent): Promise<void> => {
    if ('rotation' in message) checkSender(rules.rotations, message.rotation, senderOf(SenderId));
    switch (message.type) {
      case 'checkout.requested':
        return checkouts.request(message, senderOf(SenderId));
      case 'checkout.extended':
        return checkouts.extend(message, senderOf(SenderId));
      case 'checkout.shortened':
        return checkouts.setEnd(message, senderOf(SenderId));
      case 'checkout.released':
        return checkouts.release(message, senderOf(SenderId), SentTimestamp);
      case 'credential.changed':
        return startSyncs(message);
      case 'hold.released':
        return releaseHolds(message, (rotation) => takesMessagesOf(rules.rotations, rotation, senderOf(SenderId)));
      case 'rotation.requested':
        return rotations.request(message, senderOf(SenderId));
      case 'rotation.stopped':
        return rotations.stop(message, senderOf(SenderId), SentTimestamp);
      case 'rotation.resumed':
        return rotations.resume(message, senderOf(SenderId));
      case 'provision.requested':
      case 'deprovision.requested':
        return subjects(message, senderOf(SenderId));
      case 'member.joined':
      case 'member.left':
      case 'member.moved':
        return members(message, senderOf(SenderId));
    }
  };
};

/** True for a rule that is not in relay.yaml any more. */
const takesMessagesOf = (rotations: Rules['rotations'], name: string, { id }: Principal): boolean => {
  const senders = Object.hasOwn(rotations, name) ? rotations[name]?.senders : undefined;
  return senders === undefined || senders.includes(id);
};

/** The message was read, so its rule exists. */
const checkSender = (rotations: Rules['rotations'], name: string, sender: Principal): void => {
  if (takesMessagesOf(rotations, name, sender)) return;
  throw new RelayError(
    'MessageInvalid',
    `rotation: takes no messages of this sender; send it as one of the senders of the rule, or add the sender: rotations.${name}.senders: [${sender.id}]`,
  );
};

const senderOf = (senderId: string): Principal => {
  const principal = principalOf(senderId);
  if (principal !== undefined) return principal;
  throw new RelayError('MessageInvalid', 'the whole message: has no SenderId from SQS; send it again');
};

/** Syncs that may select the item. A sync whose items have no address finds changes only on its schedule. */
const syncsThatMaySelect = async (
  { connection, item }: Pick<CredentialChanged, 'connection' | 'item'>,
  { syncs }: Rules,
  rulesOf: ActionDependencies['rulesOf'],
): Promise<string[]> => {
  const selecting: string[] = [];
  for (const [name, sync] of Object.entries(syncs)) {
    if (sync.connection !== connection) continue;
    const { address, patterns } = await rulesOf(sync);
    if (address !== undefined && maySelect(address, patterns, item)) selecting.push(name);
  }
  return selecting;
};

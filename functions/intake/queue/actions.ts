import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import { maySelect } from '#shared/domain/addressing.ts';
import { type Principal, principalOf } from '#shared/domain/checkout/principal.ts';
import { debounceAt } from '#shared/domain/debounce.ts';
import type { Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutActionDependencies, createCheckoutActions } from '#shared/messages/checkout-actions.ts';
import type { CredentialChanged, Message } from '#shared/messages/messages.ts';
import { namedAt } from '#shared/records/named-items.ts';
import type { Records } from '#shared/records/records.ts';
import type { QueueRecord } from '#shared/workflows/intake.ts';
import type { AddressOf, Rules } from './read-message.ts';
import { createSubjectAction, type SubjectActionDependencies } from './subjects.ts';

export interface ActionDependencies extends CheckoutActionDependencies, SubjectActionDependencies {
  readonly rules: Rules;
  readonly addressOf: AddressOf;
  readonly rulesOf: (rule: SyncConfig) => Promise<Pick<SourceRules, 'address' | 'patterns'>>;
  readonly records: Pick<Records, 'read' | 'write'>;
}

/** Sender and time of a message, from SQS. */
type Sent = Pick<QueueRecord['attributes'], 'SenderId' | 'SentTimestamp'>;

/** Creates the actions for all types of message. Repeatable. */
export const createActions = (dependencies: ActionDependencies) => {
  const { rules, rulesOf, executionsOf, records, now } = dependencies;
  const checkouts = createCheckoutActions(dependencies);
  const subjects = createSubjectAction(dependencies);
  const started = new Map<string, string>();

  const startNamedRun = async (sync: string, item: Labels): Promise<void> => {
    const { run, endsAt, waitSeconds } = debounceAt(sync, now());
    await records.write(namedAt.item({ rule: sync, run }, item), item);
    // The run may have started before the item was written.
    if (now() >= endsAt) return startNamedRun(sync, item);
    if (started.get(sync) === run) return;
    await executionsOf('sync').start(run, JSON.stringify({ sync, items: 'named', waitSeconds }));
    started.set(sync, run);
  };

  return async (message: Message, { SenderId, SentTimestamp }: Sent): Promise<void> => {
    switch (message.type) {
      case 'checkout.requested':
        return checkouts.request(message, senderOf(SenderId));
      case 'checkout.extended':
        return checkouts.extend(message, senderOf(SenderId));
      case 'checkout.shortened':
        return checkouts.setEnd(message, senderOf(SenderId));
      case 'checkout.released':
        return checkouts.release(message, senderOf(SenderId), SentTimestamp);
      case 'credential.changed': {
        const syncs = await syncsThatMaySelect(message, rules, rulesOf);
        await Promise.all(syncs.map((sync) => startNamedRun(sync, message.item)));
        return;
      }
      case 'provision.requested':
      case 'deprovision.requested':
        return subjects(message, senderOf(SenderId));
    }
  };
};

const senderOf = (senderId: string): Principal => {
  const principal = principalOf(senderId);
  if (principal !== undefined) return principal;
  throw new RelayError('MessageInvalid', 'the whole message: has no SenderId from SQS; send it again');
};

/** Syncs that may select the item. A sync whose items have no address finds changes only on its schedule. */
const syncsThatMaySelect = async (
  { connection, item }: CredentialChanged,
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

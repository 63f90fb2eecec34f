import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import { maySelect } from '#shared/domain/addressing.ts';
import { type Principal, principalOf } from '#shared/domain/checkout/principal.ts';
import { gatheringAt } from '#shared/domain/gathering.ts';
import type { Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import type { CredentialChanged, Message } from '#shared/messages/messages.ts';
import { namedAt } from '#shared/records/named-items.ts';
import type { Records } from '#shared/records/records.ts';
import type { QueueRecord } from '#shared/workflows/intake.ts';
import { type CheckoutActionDependencies, createCheckoutActions } from './checkouts.ts';
import type { AddressOf, Rules } from './read-message.ts';

export interface ActionDependencies extends CheckoutActionDependencies {
  readonly rules: Rules;
  readonly addressOf: AddressOf;
  readonly rulesOf: (rule: SyncConfig) => Promise<Pick<SourceRules, 'address' | 'patterns'>>;
  readonly records: Pick<Records, 'read' | 'write'>;
}

/** What SQS tells of a message: who sent it, and when. */
type Sent = Pick<QueueRecord['attributes'], 'SenderId' | 'SentTimestamp'>;

/** What each kind of message leads to. Doing it again changes nothing. */
export const createActions = (dependencies: ActionDependencies) => {
  const { rules, rulesOf, executionsOf, records, now } = dependencies;
  const checkouts = createCheckoutActions(dependencies);
  const started = new Map<string, string>();

  const look = async (sync: string, item: Labels): Promise<void> => {
    const { run, endsAt, waitSeconds } = gatheringAt(sync, now());
    await records.write(namedAt.item({ rule: sync, run }, item), item);
    // The run may have looked by now without it.
    if (now() >= endsAt) return look(sync, item);
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
      case 'checkout.released':
        return checkouts.release(message, senderOf(SenderId), SentTimestamp);
      case 'credential.changed': {
        const syncs = await syncsThatMaySelect(message, rules, rulesOf);
        await Promise.all(syncs.map((sync) => look(sync, message.item)));
      }
    }
  };
};

const senderOf = (senderId: string): Principal => {
  const principal = principalOf(senderId);
  if (principal !== undefined) return principal;
  throw new RelayError('MessageInvalid', 'the whole message: came without its sender, whom SQS tells; send it again');
};

/** A sync whose items nobody can address looks for changes by its schedule alone. */
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

import type { RelayConfig } from '#shared/config/schema.ts';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import {
  acceptEvent,
  type EventAcceptance,
  groupKeyOf,
  type MemberEventRecord,
} from '#shared/domain/directory/member-events.ts';
import { messageWindowAt } from '#shared/domain/directory/message-window.ts';
import { RelayError } from '#shared/errors.ts';
import type { MemberMessage } from '#shared/messages/member-messages.ts';
import { directoryAt, type OwedEvent } from '#shared/records/directory-records.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';

export interface MemberActionDependencies {
  readonly rules: Pick<RelayConfig, 'directories'>;
  readonly sharedRecords: SharedRecords;
  readonly executionsOf: ExecutionsOf;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const SAID = { 'member.joined': 'joined', 'member.left': 'left', 'member.moved': 'moved' } as const;

/**
 * Creates the action of messages about people: records what the message says, and starts a run that carries it out.
 * Raises `MessageInvalid` if the rule does not take messages of the sender. Repeatable: an event is accepted once.
 */
export const createMemberAction =
  ({ rules, sharedRecords, executionsOf, now }: MemberActionDependencies) =>
  async (message: MemberMessage, { id: sender }: Principal): Promise<void> => {
    const { directory: rule, email, position } = message;
    checkSender(rules, rule, sender);
    const event = {
      ...{ said: SAID[message.type], sender, position, at: new Date(now()).toISOString() },
      groups: 'groups' in message ? message.groups.map(groupKeyOf) : [],
    };
    const { acceptance, isOwed } = await changeRecord<
      MemberEventRecord,
      { readonly acceptance: EventAcceptance; readonly isOwed: boolean }
    >(sharedRecords, directoryAt.event(rule, email), (known) => {
      const decided = acceptEvent(known, email, event);
      const isOwed = decided.acceptance === 'accepted' || known?.status === 'owed';
      return { next: decided.next, result: { acceptance: decided.acceptance, isOwed } };
    });
    if (acceptance === 'conflicting') {
      throw new RelayError(
        'MessageInvalid',
        `position: ${position} was used for another message about the person; use a higher position`,
      );
    }
    // A repeated message can be the second attempt of one whose run was never started.
    if (acceptance === 'older' || !isOwed) return;
    await changeRecord<OwedEvent, void>(sharedRecords, directoryAt.owed(rule, email), (mark) => ({
      next: { writes: (mark?.writes ?? 0) + 1, at: event.at },
      result: undefined,
    }));
    // The mark is written, so every run of this window finds it.
    const { run, waitSeconds } = messageWindowAt(rule, now());
    await executionsOf('directory').start(run, JSON.stringify({ rule, trigger: 'message', waitSeconds }));
  };

const checkSender = ({ directories }: Pick<RelayConfig, 'directories'>, rule: string, sender: string): void => {
  if (directories[rule]?.messages?.senders.includes(sender) === true) return;
  throw new RelayError(
    'MessageInvalid',
    `directory: takes no messages of this sender; send it as one of the senders of the rule, or add the sender: directories.${rule}.messages.senders: [${sender}]`,
  );
};

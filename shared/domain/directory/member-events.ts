import * as z from 'zod';

/** Events about people, which messages tell, and their order. */

const eventSchema = z.object({
  said: z.enum(['joined', 'left', 'moved']),
  /** Names of groups. */
  groups: z.array(z.string()),
  /** Id of the sender's role or user. */
  sender: z.string(),
  position: z.int().min(0),
  /** When the first message with this position arrived. */
  at: z.iso.datetime(),
});
export type MemberEvent = z.infer<typeof eventSchema>;

/** The latest event about a person. */
export const memberEventRecordSchema = z.object({
  /** Number of writes. It distinguishes any two versions. */
  writes: z.int().min(0),
  email: z.string(),
  /** Highest position of each sender. */
  positions: z.record(z.string(), z.int()),
  event: eventSchema,
  /** `undone`: people took it back before it was carried out. */
  status: z.enum(['owed', 'done', 'refused', 'undone']),
  /** Reason why it is still owed, or was refused. */
  reason: z.string().optional(),
});
export type MemberEventRecord = z.infer<typeof memberEventRecordSchema>;

/** `older`: a later message of the sender is known. `conflicting`: the position was used for something else. */
export type EventAcceptance = 'accepted' | 'repeated' | 'older' | 'conflicting';

const isSame = (one: MemberEvent, other: MemberEvent): boolean =>
  one.said === other.said && [...one.groups].toSorted().join('\n') === [...other.groups].toSorted().join('\n');

/**
 * Decides about an event that has arrived. Positions order the messages of one sender; the messages of several senders
 * count in the order of their arrival. Pure and repeatable: the same event is accepted once.
 */
export const acceptEvent = (
  known: MemberEventRecord | undefined,
  email: string,
  event: MemberEvent,
): { readonly acceptance: EventAcceptance; readonly next?: MemberEventRecord } => {
  const { sender, position } = event;
  const positions = known?.positions ?? {};
  const highest = Object.hasOwn(positions, sender) ? positions[sender] : undefined;
  if (highest !== undefined && position < highest) return { acceptance: 'older' };
  if (known !== undefined && position === highest) {
    // The event of another sender has followed, and the earlier one does not count any more.
    if (known.event.sender !== sender) return { acceptance: 'older' };
    return { acceptance: isSame(known.event, event) ? 'repeated' : 'conflicting' };
  }
  return {
    acceptance: 'accepted',
    next: {
      ...{ writes: (known?.writes ?? 0) + 1, email, event, status: 'owed' },
      positions: { ...positions, [sender]: position },
    },
  };
};

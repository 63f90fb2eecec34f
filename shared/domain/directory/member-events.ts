import { createHash } from 'node:crypto';
import * as z from 'zod';

/** Events about people, which messages tell, and their order. */

const eventSchema = z.object({
  said: z.enum(['joined', 'left', 'moved']),
  /** Keys of the names of groups. A name that the rule does not manage is a text of the sender, and not recorded. */
  groups: z.array(z.string()),
  /** Id of the sender's role or user. */
  sender: z.string(),
  position: z.int().min(0),
  /** When the first message with this position arrived. */
  at: z.iso.datetime(),
  /** Of a move: it followed a joiner who is still owed, so that the person also joins. */
  joins: z.literal(true).optional(),
});
export type MemberEvent = z.infer<typeof eventSchema>;

/** Key of the name of a group. Pure. */
export const groupKeyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 24);

/** True for an event that lets a person in. Pure. */
export const isJoin = ({ said, joins }: MemberEvent): boolean => said === 'joined' || joins === true;

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
 * Event that counts from now on. A move neither lets a leaver stay nor keeps a joiner out, if these are still owed: the
 * leaver leaves, and the joiner joins into the groups of the move.
 */
const following = (known: MemberEventRecord | undefined, event: MemberEvent): MemberEvent => {
  if (known?.status !== 'owed' || event.said !== 'moved') return event;
  if (known.event.said === 'left') return known.event;
  return isJoin(known.event) ? { ...event, joins: true } : event;
};

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
    // The event of another sender has followed, or that of a leaver stayed, and this one does not count any more.
    if (known.event.sender !== sender || known.event.position !== position) return { acceptance: 'older' };
    return { acceptance: isSame(known.event, event) ? 'repeated' : 'conflicting' };
  }
  return {
    acceptance: 'accepted',
    next: {
      ...{ writes: (known?.writes ?? 0) + 1, email, event: following(known, event), status: 'owed' },
      positions: { ...positions, [sender]: position },
    },
  };
};

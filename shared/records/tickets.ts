import { type Ticket, ticketSchema } from '#shared/domain/ticket/ticket.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records of tickets.
 *
 *     tickets/<route>/<number>.json           the access that a ticket asks for
 *     comments/<route>/<number>/<key>         empty; a comment that is written
 *     held/<route>/<number>                   empty; a ticket whose window begins later than one execution can wait
 */
/** Key of the mark of a comment. */
export const commentAt = ({ route, number, key }: Pick<TicketComment, 'route' | 'number' | 'key'>): string =>
  `comments/${route}/${number}/${key}`;

/** Record of a ticket. */
export const ticketAt = ({ route, number }: Pick<Ticket, 'route' | 'number'>): RecordPlace<Ticket> => ({
  key: `tickets/${route}/${number}.json`,
  schema: ticketSchema,
});

const HELD = 'held/';

/** Keys of the marks of held tickets. */
export const heldAt = {
  all: HELD,
  ticket: ({ route, number }: Pick<Ticket, 'route' | 'number'>): string => `${HELD}${route}/${number}`,
  /** Parses a key under {@link heldAt.all}; undefined for any other key. */
  read: (key: string): Pick<Ticket, 'route' | 'number'> | undefined => {
    const [, route, number] = /^held\/([a-z][a-z0-9-]*)\/([\w-]+)$/.exec(key) ?? [];
    return route === undefined || number === undefined ? undefined : { route, number };
  },
} as const;

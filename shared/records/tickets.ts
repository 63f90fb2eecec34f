import { type Ticket, ticketSchema } from '#shared/domain/ticket/ticket.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records of tickets.
 *
 *     tickets/<route>/<number>.json           the access that a ticket asks for
 *     comments/<route>/<number>/<key>         empty; a comment that is written
 */
/** Key of the mark of a comment. */
export const commentAt = ({ route, number, key }: Pick<TicketComment, 'route' | 'number' | 'key'>): string =>
  `comments/${route}/${number}/${key}`;

/** Record of a ticket. */
export const ticketAt = ({ route, number }: Pick<Ticket, 'route' | 'number'>): RecordPlace<Ticket> => ({
  key: `tickets/${route}/${number}.json`,
  schema: ticketSchema,
});

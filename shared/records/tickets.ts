import { type Ticket, ticketSchema } from '#shared/domain/ticket/ticket.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Records of tickets.
 *
 *     tickets/<route>/<number>.json
 */
export const ticketAt = ({ route, number }: Pick<Ticket, 'route' | 'number'>): RecordPlace<Ticket> => ({
  key: `tickets/${route}/${number}.json`,
  schema: ticketSchema,
});

import type { Json } from '@hyperjump/json-pointer';
import { RelayError } from '#shared/errors.ts';
import {
  type TicketChanged,
  type TicketOver,
  type TicketWoken,
  ticketMessageSchema,
} from '#shared/messages/ticket-changed.ts';

/** Parses a message of the queue. Raises `MessageInvalid`. Pure. */
export const parseMessage = (body: string): TicketChanged | TicketOver | TicketWoken => {
  const { data } = ticketMessageSchema.safeParse(parseJson(body));
  if (data !== undefined) return data;
  throw new RelayError('MessageInvalid', 'the whole message: is not from the webhook of the relay');
};

/** Parses the body of a sender. Raises `MessageInvalid`. Pure. */
export const parseBody = (body: string): Json => {
  const json = parseJson(body);
  if (json !== undefined) return json;
  throw new RelayError('MessageInvalid', 'the body of the request: is not JSON; let the sender send one JSON object');
};

const parseJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

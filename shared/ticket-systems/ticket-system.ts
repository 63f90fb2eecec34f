import type { Json } from '@hyperjump/json-pointer';
import type { Http } from '#shared/http/http.ts';
import type { Credentials } from '#shared/ticket-systems/credentials.ts';

/**
 * A ticket system: the port. Its methods raise `TicketSystemUnavailable` if a later attempt can succeed,
 * `TicketSystemRefused` if an operator has to act, `BootstrapUnusable` for its credentials, and the errors of the
 * transport.
 */
export interface TicketSystem {
  /**
   * Reads a ticket by its number, in the form in which the system's webhook sends it. Returns undefined if the system
   * shows no such ticket, which can also mean that the user may not see it. Repeatable.
   */
  read(number: string): Promise<Json | undefined>;
  /** Adds a comment that only the agents of the ticket see. A repetition adds another one. */
  comment(number: string, text: string): Promise<void>;
}

export interface TicketSystemContext {
  readonly http: Http;
  readonly readCredentials: () => Promise<Credentials>;
}

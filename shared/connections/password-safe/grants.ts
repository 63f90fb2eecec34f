import { ticketSchema } from '#shared/connections/password-safe/schema.ts';
import { isPage, json, malformed, type Reader } from '#shared/http/answer.ts';
import { Secret } from '#shared/secret.ts';

/** What lets its holder into a session. */
export interface SessionGrant {
  /**
   * Of a ticket the vault's answer as it came, as JSON text (`Ticket`, `Host`, `Port`, for SSH also `TicketAtHost`, `Link`
   * and `Command`; reference: 2.5); of a file its text.
   */
  readonly credential: Secret;
  /** A file does not tell it; the list of sessions does, by the request. */
  readonly sessionId: number | undefined;
}

/** A line of a file for a remote desktop client, such as `full address:s:host`. */
const RDP_SETTING = /^[^:\r\n]+:[a-z]:/m;

const readTicketFields = json(ticketSchema);

/** A ticket, as the text that it came in: what its holder needs of it differs by client. */
export const readTicket: Reader<SessionGrant> = (answer, call) => ({
  sessionId: readTicketFields(answer, call).SessionID,
  credential: new Secret(answer.text),
});

/** A file for a remote desktop client. Anything else would only be found out when somebody opens it. */
export const readFile: Reader<SessionGrant> = (answer, call) => {
  if (isPage(answer) || !RDP_SETTING.test(answer.text)) throw malformed(call, 'is no file for a remote desktop client');
  return { sessionId: undefined, credential: new Secret(answer.text) };
};

import { ticketSchema } from '#shared/connections/password-safe/schema.ts';
import { isPage, json, malformed, type Reader } from '#shared/http/answer.ts';
import { Secret } from '#shared/secret.ts';

/** A ticket or a file that opens a session. */
export interface SessionGrant {
  /**
   * Text of a file; for a ticket the vault's unchanged answer, as JSON text (`Ticket`, `Host`, `Port`, for SSH also
   * `TicketAtHost`, `Link` and `Command`; reference: 2.5).
   */
  readonly credential: Secret;
  /** Undefined for a file: the list of sessions shows it, by request. */
  readonly sessionId: number | undefined;
}

/** A line of a remote desktop file, such as `full address:s:host`. */
const RDP_SETTING = /^[^:\r\n]+:[a-z]:/m;

const readTicketFields = json(ticketSchema);

/** Reads a ticket. Keeps the text of the answer, because clients need different fields of it. */
export const readTicket: Reader<SessionGrant> = (answer, call) => ({
  sessionId: readTicketFields(answer, call).SessionID,
  credential: new Secret(answer.text),
});

/** Reads a remote desktop file. Checks its format, because a wrong file would otherwise fail only when it is opened. */
export const readFile: Reader<SessionGrant> = (answer, call) => {
  if (isPage(answer) || !RDP_SETTING.test(answer.text)) throw malformed(call, 'is not a remote desktop file');
  return { sessionId: undefined, credential: new Secret(answer.text) };
};

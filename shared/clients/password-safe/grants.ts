import { ticketSchema } from '#shared/clients/password-safe/schema.ts';
import type { SessionGrant } from '#shared/clients/password-safe/vault.ts';
import { isPage, json, malformed, type Reader } from '#shared/http/answer.ts';
import { Secret } from '#shared/secret.ts';

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

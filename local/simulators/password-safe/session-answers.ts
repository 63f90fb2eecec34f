import type { Reply } from './replies.ts';
import { json } from './replies.ts';
import { SESSION_TYPES, type TargetSession } from './target-sessions.ts';

/** The session proxy node, which is not the target system. */
export const NODE_ID = '00000000-0000-4000-8000-0000000000bb';
const HOST = 'node-1.vault.example';
const PORTS = { SSH: '4422', RDP: '4489', App: '4489' } as const;

/** As in the vendor's API, ports are strings. */
const ticketAnswer = ({ sessionId, ticket, type }: TargetSession) => {
  const { accessType } = SESSION_TYPES[type];
  const port = PORTS[accessType];
  const common = {
    ID: String(sessionId),
    Ticket: ticket,
    Host: HOST,
    Port: port,
    SessionID: sessionId,
    NodeID: NODE_ID,
  };
  if (accessType !== 'SSH') return common;
  return {
    ...common,
    TicketAtHost: `${ticket}@${HOST}`,
    Link: `ssh://${ticket}@${HOST}:${port}`,
    Command: `ssh -p ${port} ${ticket}@${HOST}`,
  };
};

const rdpFile = ({ ticket, type }: TargetSession): string =>
  [
    'screen mode id:i:2',
    `full address:s:${HOST}:${PORTS[SESSION_TYPES[type].accessType]}`,
    `username:s:${ticket}`,
    'prompt for credentials:i:0',
    'audiomode:i:2',
    '',
  ].join('\r\n');

const fileAnswer = (session: TargetSession): Reply => ({
  status: 201,
  body: rdpFile(session),
  contentType: 'application/octet-stream',
  headers: { 'Content-Disposition': `attachment; filename=session-${session.sessionId}.rdp` },
});

/** The response for a new session: a ticket, or a file that contains it. */
export const sessionAnswer = (session: TargetSession): Reply =>
  SESSION_TYPES[session.type].isFile ? fileAnswer(session) : json(201, ticketAnswer(session));

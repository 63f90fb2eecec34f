import * as z from 'zod';
import { type Call, integer, readFields, reasonText } from '../calls.ts';
import { withOddFields } from '../paging.ts';
import { empty, forbidden, formatDate, json, refusal } from '../replies.ts';
import { NODE_ID, sessionAnswer } from '../session-answers.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site, Subject } from '../site.ts';
import { isOver, SESSION_TYPES, type SessionType, type TargetSession } from '../target-sessions.ts';
import { hasRole } from '../users.ts';
import { bodySubject, findRequestable, minutes } from './opening.ts';
import { RELEASE_GONE, requestSubject } from './requests.ts';

const isSessionType = (text: string): text is SessionType => Object.hasOwn(SESSION_TYPES, text);

const sessionType = z
  .string()
  .toLowerCase()
  .refine(isSessionType, `must be one of ${Object.keys(SESSION_TYPES).join(', ')}`);

const newSession = z.object({ sessiontype: sessionType });

const openByRequest: Endpoint = {
  method: 'POST',
  template: 'Requests/{id}/Sessions',
  kind: 'session',
  readsBody: true,
  subject: requestSubject,
  handle: (site, call, { user }) => {
    const read = readFields(call, newSession);
    if ('invalid' in read) return read.invalid;
    const request = site.requests.find(call.ids[0] ?? 0);
    if (request === undefined) return refusal(404, 'Request not found');
    if (request.user.userName !== user.userName) return forbidden(4031, site.switches);
    if (request.status === 'ended') return refusal(404, RELEASE_GONE);
    if (request.status === 'pending') return forbidden(4034, site.switches);
    const type = read.fields.sessiontype;
    if (SESSION_TYPES[type].accessType !== request.accessType) {
      return refusal(400, `The session type does not agree with access type ${request.accessType} of the request.`);
    }
    return sessionAnswer(site.targetSessions.open({ user, account: request.account, request, type, endsAt: null }));
  },
};

const isaSession = newSession.extend({
  systemid: integer,
  accountid: integer,
  applicationid: integer.optional(),
  durationminutes: minutes.default(120),
  reason: reasonText,
});

const openByIsa: Endpoint = {
  method: 'POST',
  template: 'ISASessions',
  kind: 'session',
  readsBody: true,
  subject: (_site, call) => bodySubject(call),
  handle: (site, call, { user }) => {
    const read = readFields(call, isaSession);
    if ('invalid' in read) return read.invalid;
    const { sessiontype: type, applicationid, durationminutes } = read.fields;
    const account = findRequestable(site, user, read.fields)?.account;
    if (!hasRole(user, 'isa') || account?.row.isaAccess !== true) return forbidden(4031, site.switches);
    if (SESSION_TYPES[type].accessType === 'App' && applicationid === undefined) {
      return refusal(400, 'ApplicationID is required for this session type.');
    }
    const endsAt = site.now() + durationminutes * 60_000;
    return sessionAnswer(site.targetSessions.open({ user, account, request: null, type, endsAt }));
  },
};

const PROTOCOLS = { RDP: 0, SSH: 1, App: 0 } as const;

const sessionRow = ({ now, switches }: Site, session: TargetSession) => {
  const { row } = session.account;
  const { startedAt, endedAt } = session;
  const { accessType } = SESSION_TYPES[session.type];
  return withOddFields(switches, `session ${session.sessionId}`, {
    SessionID: session.sessionId,
    UserID: session.user.userId,
    NodeID: NODE_ID,
    Status: session.status,
    ArchiveStatus: 0,
    Protocol: PROTOCOLS[accessType],
    StartTime: formatDate(startedAt, switches.dateFormat),
    EndTime: formatDate(endedAt, switches.dateFormat),
    Duration: startedAt === null ? 0 : Math.floor(((endedAt ?? now()) - startedAt) / 1000),
    AssetName: row.systemName,
    ManagedSystemID: row.systemId,
    ManagedAccountID: row.accountId,
    ManagedAccountName: row.accountName,
    RecordKey: session.recordKey,
    Token: session.token,
    ApplicationID: session.request?.applicationId ?? null,
    RequestID: session.request?.requestId ?? null,
    SessionType: accessType,
  });
};

const listQuery = z.object({
  status: z
    .string()
    .regex(/^\d+(,\d+)*$/)
    .transform((text) => text.split(',').map(Number))
    .optional(),
  userid: z.coerce.number().int().optional(),
});

const maySee = ({ user }: Session): boolean => hasRole(user, 'isa', 'session-auditor');

const listSessions: Endpoint = {
  method: 'GET',
  template: 'Sessions',
  kind: 'sessions',
  handle: (site, call, session) => {
    if (!maySee(session)) return refusal(403, 'Permission denied.');
    const query = listQuery.safeParse(Object.fromEntries(call.query)).data;
    if (query === undefined) return refusal(400, 'A query parameter is invalid.');
    const { status, userid } = query;
    const rows = site.targetSessions
      .all()
      .filter((candidate) => status === undefined || status.includes(candidate.status))
      .filter(({ user }) => userid === undefined || user.userId === userid);
    return json(
      200,
      rows.map((row) => sessionRow(site, row)),
    );
  },
};

const sessionSubject = (site: Site, { ids: [sessionId = 0] }: Call): Subject => {
  const session = site.targetSessions.find(sessionId);
  return { accountId: session?.account.row.accountId, requestId: session?.request?.requestId };
};

const readSession: Endpoint = {
  method: 'GET',
  template: 'Sessions/{id}',
  kind: 'sessions',
  subject: sessionSubject,
  handle: (site, { ids: [sessionId = 0] }, session) => {
    if (!maySee(session)) return refusal(403, 'Permission denied.');
    const found = site.targetSessions.find(sessionId);
    return found === undefined ? refusal(404, 'Session not found') : json(200, sessionRow(site, found));
  },
};

const endOne = (template: string, act: (site: Site, session: TargetSession) => void): Endpoint => ({
  method: 'POST',
  template,
  kind: 'terminate',
  subject: sessionSubject,
  handle: (site, { ids: [sessionId = 0] }, { user }) => {
    if (!hasRole(user, 'isa', 'global-quarantine')) return refusal(403, 'Permission denied.');
    const session = site.targetSessions.find(sessionId);
    if (session === undefined) return refusal(404, 'Session not found');
    if (isOver(session) && site.switches.finishedTerminate === 404) return refusal(404, 'Session is not active');
    act(site, session);
    return empty(204);
  },
});

export const targetSessionEndpoints: readonly Endpoint[] = [
  openByRequest,
  openByIsa,
  listSessions,
  readSession,
  endOne('Sessions/{id}/Terminate', (site, session) => site.targetSessions.terminate(session)),
  endOne('Sessions/{id}/Lock', (site, session) => site.targetSessions.lock(session)),
];

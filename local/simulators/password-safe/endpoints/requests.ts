import * as z from 'zod';
import { type Call, flag, readFields, reasonText } from '../calls.ts';
import { withOddFields } from '../paging.ts';
import { ACCESS_TYPES } from '../policies.ts';
import { conflict, empty, forbidden, formatDate, json, type Reply, refusal } from '../replies.ts';
import type { AccessRequest } from '../requests.ts';
import type { Session } from '../sessions.ts';
import type { Endpoint, Site, Subject } from '../site.ts';
import { hasRole } from '../users.ts';
import { bodySubject, readWanted, requestFields, type Wanted, word } from './opening.ts';

export const RELEASE_GONE = 'Request has been released or is expired';

export const newRequest = requestFields.extend({
  accesstype: word(ACCESS_TYPES).default('View'),
  conflictoption: word(['reuse', 'renew']).optional(),
  rotateoncheckin: flag.default(true),
});

type RequestRules = Pick<z.infer<typeof newRequest>, 'conflictoption' | 'rotateoncheckin'>;

/** Opens a request and returns its id: 201 for a new request, 200 for an existing one. */
export const open = (site: Site, wanted: Wanted, fields: RequestRules): Reply => {
  const opened = site.requests.open({
    ...wanted,
    requestSetId: null,
    rotateOnCheckIn: fields.rotateoncheckin,
    conflictOption: fields.conflictoption,
  });
  if (opened.kind === 'conflict') return conflict(site.switches);
  const { requestId } = opened.request;
  return { ...json(opened.kind === 'created' ? 201 : 200, requestId), about: { requestId } };
};

const openRequest: Endpoint = {
  method: 'POST',
  template: 'Requests',
  kind: 'request',
  readsBody: true,
  subject: (_site, call) => bodySubject(call),
  handle: async (site, call, session) => {
    if (!hasRole(session.user, 'requestor')) return forbidden(4032, site.switches);
    const read = readFields(call, newRequest);
    if ('invalid' in read) return read.invalid;
    const { fields } = read;
    const checked = await readWanted(site, session.user, fields, fields.accesstype);
    return 'refused' in checked ? checked.refused : open(site, checked.wanted, fields);
  },
};

export const requestRow = (request: AccessRequest, { aliases, switches }: Site) => {
  const { row } = request.account;
  return withOddFields(switches, `request ${request.requestId}`, {
    RequestID: request.requestId,
    SystemID: row.systemId,
    SystemName: row.systemName,
    ManagedSystemName: row.systemName,
    AccountID: row.accountId,
    AccountName: row.accountName,
    DomainName: row.domainName,
    AliasID: aliases.ofRequest(request.requestId),
    ApplicationID: request.applicationId,
    RequestReleaseDate: formatDate(request.createdAt, switches.dateFormat),
    ApprovedDate: formatDate(request.approvedAt, switches.dateFormat),
    CanceledDate: null,
    ExpiresDate: formatDate(request.expiresAt, switches.dateFormat),
    Status: request.status === 'pending' ? 'Pending' : 'Active',
    AccessType: request.accessType,
    Reason: request.reason,
    RequestorUserID: request.user.userId,
    RequestorName: request.user.userName,
    APIOnlyAccess: false,
    TotpEnabled: false,
    TotpParameters: null,
  });
};

/** True for requests in an approver's queue: pending requests of others, and those that this approver approved. */
const isInApproverQueue = (request: AccessRequest, { user }: Session): boolean =>
  request.user.userName !== user.userName && (request.status === 'pending' || request.approvedBy.has(user.userName));

const listQuery = z.object({
  status: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['all', 'active', 'pending']))
    .default('all'),
  queue: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['req', 'app']))
    .default('req'),
});

/** Returns the open requests of a list, or the response that rejects it. */
export const selectRequests = (
  site: Site,
  call: Call,
  session: Session,
): { readonly requests: readonly AccessRequest[] } | { readonly refused: Reply } => {
  const query = listQuery.safeParse(Object.fromEntries(call.query)).data;
  if (query === undefined) return { refused: refusal(400, 'A query parameter is invalid.') };
  const asApprover = query.queue === 'app';
  if (!hasRole(session.user, asApprover ? 'approver' : 'requestor')) {
    return { refused: forbidden(asApprover ? 4033 : 4032, site.switches) };
  }
  const visible = asApprover
    ? site.requests.allOpen().filter((request) => isInApproverQueue(request, session))
    : site.requests.openOf(session.user);
  return { requests: visible.filter(({ status }) => query.status === 'all' || status === query.status) };
};

const listRequests: Endpoint = {
  method: 'GET',
  template: 'Requests',
  kind: 'listRequests',
  handle: (site, call, session) => {
    const selected = selectRequests(site, call, session);
    if ('refused' in selected) return selected.refused;
    return json(
      200,
      selected.requests.map((request) => requestRow(request, site)),
    );
  },
};

export const requestSubject = (site: Site, { ids: [requestId = 0] }: Call): Subject => ({
  requestId,
  accountId: site.requests.find(requestId)?.account.row.accountId,
});

const actionFields = z.object({ reason: reasonText });

type RequestAction = (site: Site, request: AccessRequest, session: Session) => Reply;

/** A PUT on one request: checks the optional reason and the permission, then acts. */
const actOn = (
  template: string,
  kind: 'checkin' | 'other',
  refuseUser: (site: Site, request: AccessRequest, session: Session) => Reply | undefined,
  act: RequestAction,
): Endpoint => ({
  method: 'PUT',
  template,
  kind,
  subject: requestSubject,
  handle: (site, call, session) => {
    const read = readFields(call, actionFields);
    if ('invalid' in read) return read.invalid;
    const request = site.requests.find(call.ids[0] ?? 0);
    if (request === undefined) return refusal(404, 'Request not found');
    return refuseUser(site, request, session) ?? act(site, request, session);
  },
});

const ownerOnly = (site: Site, request: AccessRequest, { user }: Session): Reply | undefined =>
  request.user.userName === user.userName ? undefined : forbidden(4031, site.switches);

/** Approvers cannot approve their own requests. */
const approverOnly = (site: Site, request: AccessRequest, { user }: Session): Reply | undefined => {
  if (!hasRole(user, 'approver')) return forbidden(4033, site.switches);
  return request.user.userName === user.userName ? forbidden(4031, site.switches) : undefined;
};

const unlessEnded =
  (act: (site: Site, request: AccessRequest, session: Session) => void): RequestAction =>
  (site, request, session) => {
    if (request.status === 'ended') return refusal(404, RELEASE_GONE);
    act(site, request, session);
    return empty(204);
  };

const checkIn: RequestAction = (site, request) => {
  if (request.status === 'ended' && site.switches.finishedCheckIn === 404) return refusal(404, RELEASE_GONE);
  site.requests.end(request);
  return empty(204);
};
const approve = unlessEnded((site, request, { user }) => site.requests.approve(request, user.userName));
const deny = unlessEnded((site, request) => site.requests.end(request));
const rotateOnCheckIn = unlessEnded((_site, request) => {
  request.rotateOnCheckIn = true;
});

export const requestEndpoints: readonly Endpoint[] = [
  openRequest,
  listRequests,
  actOn('Requests/{id}/Checkin', 'checkin', ownerOnly, checkIn),
  actOn('Requests/Release/{id}', 'checkin', ownerOnly, checkIn),
  actOn('Requests/{id}/Approve', 'other', approverOnly, approve),
  actOn('Requests/{id}/Deny', 'other', approverOnly, deny),
  actOn('Requests/{id}/RotateOnCheckin', 'other', ownerOnly, rotateOnCheckIn),
];

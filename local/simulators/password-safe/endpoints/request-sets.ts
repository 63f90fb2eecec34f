import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { readFields } from '../calls.ts';
import { ACCESS_TYPES } from '../policies.ts';
import { conflict, forbidden, json, type Reply, refusal } from '../replies.ts';
import type { AccessRequest } from '../requests.ts';
import type { Endpoint, Site } from '../site.ts';
import { hasRole } from '../users.ts';
import { bodySubject, readWanted, requestFields, word } from './opening.ts';
import { requestRow, selectRequests } from './requests.ts';

const newSet = requestFields.extend({ accesstypes: z.array(word(ACCESS_TYPES)) });

const setRow = (site: Site, requestSetId: string, requests: readonly AccessRequest[]) => ({
  RequestSetID: requestSetId,
  Requests: requests.map((request) => requestRow(request, site)),
});

/** Opens all requests of the set, or none. */
const openSet: Endpoint = {
  method: 'POST',
  template: 'RequestSets',
  kind: 'request',
  readsBody: true,
  subject: (_site, call) => bodySubject(call),
  handle: async (site, call, session): Promise<Reply> => {
    if (!hasRole(session.user, 'requestor', 'isa')) return forbidden(4032, site.switches);
    const read = readFields(call, newSet);
    if ('invalid' in read) return read.invalid;
    const accessTypes = [...new Set(read.fields.accesstypes)];
    if (accessTypes.length < 2) return refusal(400, 'AccessTypes must hold at least two access types.');
    const requestSetId = randomUUID();
    const all = await Promise.all(
      accessTypes.map((accessType) => readWanted(site, session.user, read.fields, accessType)),
    );
    const refused = all.flatMap((checked) => ('refused' in checked ? [checked.refused] : []));
    if (refused[0] !== undefined) return refused[0];
    const wanted = all
      .flatMap((checked) => ('wanted' in checked ? [checked.wanted] : []))
      .map((request) => ({ ...request, requestSetId, rotateOnCheckIn: true, conflictOption: undefined }));
    if (wanted.some((request) => site.requests.wouldConflict(request))) return conflict(site.switches);
    const opened = wanted.map((request) => site.requests.open(request));
    const requests = opened.flatMap((result) => (result.kind === 'conflict' ? [] : [result.request]));
    return json(201, setRow(site, requestSetId, requests));
  },
};

const listSets: Endpoint = {
  method: 'GET',
  template: 'RequestSets',
  kind: 'listRequests',
  handle: (site, call, session) => {
    const selected = selectRequests(site, call, session);
    if ('refused' in selected) return selected.refused;
    const sets = Map.groupBy(selected.requests, ({ requestSetId }) => requestSetId);
    return json(
      200,
      [...sets].flatMap(([id, requests]) => (id === null ? [] : [setRow(site, id, requests)])),
    );
  },
};

export const requestSetEndpoints: readonly Endpoint[] = [openSet, listSets];

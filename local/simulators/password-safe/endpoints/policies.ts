import * as z from 'zod';
import { integer, readFields } from '../calls.ts';
import { ACCESS_TYPES, type AccessPolicy, type AccessType, conditionsOf } from '../policies.ts';
import { forbidden, json, refusal } from '../replies.ts';
import type { Endpoint } from '../site.ts';
import { hasRole } from '../users.ts';
import { bodySubject, findRequestable, minutes } from './opening.ts';

const accessTypeRow = (policy: AccessPolicy, accessType: AccessType) => {
  const conditions = conditionsOf(policy, accessType);
  if (conditions === undefined) return [];
  const isSession = accessType !== 'View';
  return [
    {
      AccessType: accessType,
      IsSession: isSession,
      RecordSession: isSession,
      MinApprovers: conditions.minApprovers,
      MaxConcurrent: conditions.maxConcurrent,
    },
  ];
};

const policyRow = (policy: AccessPolicy, accessTypes: readonly AccessType[]) => ({
  AccessPolicyID: policy.id,
  Name: policy.name,
  Description: policy.name,
  Schedules: [
    {
      ScheduleID: policy.id,
      RequireReason: policy.requireReason,
      RequireTicketSystem: policy.requireTicket,
      TicketSystemID: policy.ticketSystemId,
      AccessTypes: accessTypes.flatMap((accessType) => accessTypeRow(policy, accessType)),
    },
  ],
});

const policyTest = z.object({ systemid: integer, accountid: integer, durationminutes: minutes });

const testPolicies: Endpoint = {
  method: 'POST',
  template: 'AccessPolicies/Test',
  kind: 'policies',
  readsBody: true,
  subject: (_site, call) => bodySubject(call),
  handle: (site, call, session) => {
    if (!hasRole(session.user, 'requestor')) return forbidden(4032, site.switches);
    const read = readFields(call, policyTest);
    if ('invalid' in read) return read.invalid;
    const found = findRequestable(site, session.user, read.fields);
    if (found === undefined) return forbidden(4031, site.switches);
    const { policy, account } = found;
    const { maximumReleaseMinutes, applicationId } = account.row;
    if (policy === null || read.fields.durationminutes > maximumReleaseMinutes) return json(200, []);
    // Accounts without an application have no application access.
    const possible = ACCESS_TYPES.filter((accessType) => accessType !== 'App' || applicationId !== null);
    return json(200, [policyRow(policy, possible)]);
  },
};

const listPolicies: Endpoint = {
  method: 'GET',
  template: 'AccessPolicies',
  kind: 'policies',
  handle: (site, _call, session) => {
    if (!hasRole(session.user, 'role-management')) return refusal(403, 'Permission denied.');
    return json(
      200,
      site.policies.map((policy) => policyRow(policy, ACCESS_TYPES)),
    );
  },
};

const listTicketSystems: Endpoint = {
  method: 'GET',
  template: 'TicketSystems',
  kind: 'other',
  handle: (site, _call, session) => {
    if (!hasRole(session.user, 'configuration-management')) return refusal(403, 'Permission denied.');
    const rows = site.ticketSystems.map(({ id, name, active, isDefault }) => ({
      TicketSystemID: id,
      IsActive: active,
      TicketSystemName: name,
      Description: name,
      IsDefaultSystem: isDefault,
    }));
    return json(200, rows);
  },
};

export const policyEndpoints: readonly Endpoint[] = [testPolicies, listPolicies, listTicketSystems];

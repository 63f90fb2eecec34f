import * as z from 'zod';
import { readFields, reasonText } from '../calls.ts';
import { empty, refusal } from '../replies.ts';
import type { AccessRequest } from '../requests.ts';
import type { Endpoint, Site } from '../site.ts';
import type { TargetSession } from '../target-sessions.ts';
import { hasRole } from '../users.ts';

/** Common fields of requests and sessions. */
type Held = Pick<AccessRequest | TargetSession, 'user' | 'account'>;

/** The scopes of quarantine calls. */
const SCOPES: Readonly<Record<string, (held: Held) => number>> = {
  ManagedAccounts: ({ account }) => account.row.accountId,
  ManagedSystems: ({ account }) => account.row.systemId,
  Users: ({ user }) => user.userId,
};

const ACTIONS: Readonly<Record<string, (site: Site, isSelected: (held: Held) => boolean) => void>> = {
  'Requests/Terminate': (site, isSelected) => {
    const active = site.requests.allOpen().filter(({ status }) => status === 'active');
    for (const request of active.filter(isSelected)) site.requests.end(request);
  },
  'Sessions/Terminate': (site, isSelected) => {
    for (const session of site.targetSessions.all().filter(isSelected)) site.targetSessions.terminate(session);
  },
  'Sessions/Lock': (site, isSelected) => {
    for (const session of site.targetSessions.all().filter(isSelected)) site.targetSessions.lock(session);
  },
};

const fields = z.object({ reason: reasonText });

/** Require the permission *Password Safe API Global Quarantine*. A call without a match succeeds. */
export const quarantineEndpoints: readonly Endpoint[] = Object.entries(SCOPES).flatMap(([scope, idOf]) =>
  Object.entries(ACTIONS)
    // The vendor has no call that ends the sessions of a user.
    .filter(([action]) => scope !== 'Users' || action === 'Requests/Terminate')
    .map(
      ([action, act]): Endpoint => ({
        method: 'POST',
        template: `${scope}/{id}/${action}`,
        kind: 'terminate',
        handle: (site, call, session) => {
          if (!hasRole(session.user, 'global-quarantine')) return refusal(403, 'Permission denied.');
          const read = readFields(call, fields);
          if ('invalid' in read) return read.invalid;
          act(site, (held) => idOf(held) === call.ids[0]);
          return empty(204);
        },
      }),
    ),
);

import { jsonReplies, type Reply as PlainReply } from '../common/replies.ts';
import type { Session } from './sessions.ts';
import type { Switches } from './switches.ts';
import type { KnownUser } from './users.ts';

export interface Reply extends PlainReply {
  /** The objects that the call created or found, for the audit. */
  readonly about?: {
    readonly requestId?: number;
    readonly session?: Session;
    readonly user?: KnownUser;
    readonly secretIds?: readonly string[];
  };
}

export const { json, empty } = jsonReplies('application/json; charset=utf-8');

/** Never reveals which factor failed. */
export const unauthenticated = (headers: Reply['headers'] = {}): Reply => json(401, 'User not authenticated', headers);

/** Error bodies contain a sentence as a JSON string. */
export const refusal = (status: number, sentence: string): Reply => json(status, sentence);

/** The vendor's special codes of four digits, which appear in the body, never as status. */
export type SpecialCode = 4031 | 4032 | 4033 | 4034 | 4035;

export const forbidden = (code: SpecialCode, switches: Switches): Reply =>
  json(403, switches.specialCodes === 'bare' ? code : String(code));

export const conflict = (switches: Switches): Reply =>
  switches.conflictBody === 'digits'
    ? json(409, switches.specialCodes === 'bare' ? 4091 : '4091')
    : json(409, 'A conflicting request exists: this or another user has already requested this account.');

export const unroutable = (status: 404 | 405, method: string, path: string): Reply =>
  json(status, {
    Message:
      status === 404
        ? `No HTTP resource was found that matches the request URI '${path}'.`
        : `The requested resource does not support http method '${method}'.`,
  });

/** IIS's own response for a missing file. */
export const fileNotFound = (): Reply => ({
  status: 404,
  body: '<!DOCTYPE html><html><body><h2>404 - File or directory not found.</h2></body></html>',
  contentType: 'text/html',
  headers: {},
});

/** IIS's own response to a caller without a trusted certificate. */
export const certificateRequired = (): Reply => ({
  status: 403,
  body: '<!DOCTYPE html><html><body><h2>403 - Forbidden: Access is denied.</h2></body></html>',
  contentType: 'text/html',
  headers: {},
});

/** Formats a time like the site. .NET drops trailing zeros of the fraction. */
export const formatDate = (at: number | null, format: Switches['dateFormat']): string | null => {
  if (at === null) return null;
  if (format === 'en-US') return new Date(at).toLocaleString('en-US', { timeZone: 'UTC' });
  const trimmed = new Date(at).toISOString().replace(/\.?0*Z$/, '');
  return format === 'none' ? trimmed : `${trimmed}${format}`;
};

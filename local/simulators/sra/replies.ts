import { jsonReplies, type Reply } from '../common/replies.ts';
import type { Switches } from './switches.ts';

export const { json, empty } = jsonReplies('application/json');

export const text = (status: number, body: string, contentType = 'text/html; charset=UTF-8'): Reply => ({
  status,
  body,
  contentType,
  headers: {},
});

/** Errors of tokens have `error`. No other error has it. */
export const oauthError = (status: number, error: string, message: string): Reply => json(status, { error, message });

export const accessDenied = (status: 401 | 403 = 401): Reply =>
  oauthError(status, 'access_denied', 'The resource owner or authorization server denied the request.');

export const refusal = (status: number, message: string): Reply => json(status, { message });

export const notFound = (): Reply => refusal(404, 'The requested resource was not found.');

/** The vendor's error bag: texts by field. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

export const invalid = (errors: FieldErrors): Reply => json(422, { message: 'The given data was invalid.', errors });

/** 422 about the state of an account, not about a field. */
export const unable = (message: string): Reply => json(422, { message, errors: {} });

export const unknownFields = (status: 400 | 401, names: readonly string[]): Reply =>
  refusal(status, `Unrecognized parameters: ${names.join(', ')}`);

/** Success of a call whose body is not described. */
export const done = ({ actionAnswer }: Switches): Reply => {
  if (actionAnswer === 'no-content') return empty(204);
  return actionAnswer === 'json' ? json(200, {}) : empty(200);
};

/** Formats a time like the site: never with `Z`, and in whole seconds. */
export const formatTime = (at: number | null, format: Switches['timestamps']): string | number | null => {
  if (at === null) return null;
  return format === 'epoch' ? Math.floor(at / 1000) : new Date(at).toISOString().replace(/\.\d+Z$/, '+00:00');
};

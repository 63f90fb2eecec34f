import { jsonReplies, type Reply } from '../common/replies.ts';
import type { Switches } from './switches.ts';

export const { json, empty } = jsonReplies('application/json; charset=utf-8');

/** Texts by field, named like the properties of the server. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** Ends a call with this response. Changes that it has made so far stay. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`status ${reply.status}`);
    this.reply = reply;
  }
}

/** The error body of the organization API. */
const errorReply = (status: number, message: string, errors: FieldErrors | null = null): Reply =>
  json(status, { object: 'error', message, errors });

export const badRequest = (message: string): Refusal => new Refusal(errorReply(400, message));

export const invalid = (errors: FieldErrors): Refusal =>
  new Refusal(errorReply(400, "The request's model state is invalid.", errors));

/** An unknown id of the path, or an unknown path. */
export const notFound = (): Refusal => new Refusal(empty(404));

/** An unknown id in a body. */
export const referenceNotFound = (): Refusal => new Refusal(errorReply(404, 'Resource not found.'));

export const failure = (): Refusal => new Refusal(errorReply(500, 'An unhandled server error has occurred.'));

/** The error body of everything that is not the organization API. */
const internalError = (status: number, message: string): Reply =>
  json(status, {
    message,
    validationErrors: null,
    exceptionMessage: null,
    exceptionStackTrace: null,
    innerExceptionMessage: null,
    object: 'error',
  });

export const tooMany = (period: string): Reply =>
  internalError(429, `Slow down! Too many requests. Try again in ${period}.`);

/** The error body of a server that serves imports alone. */
export const importOnlyError = (status: number, message: string): Refusal =>
  new Refusal(
    json(status, {
      message,
      error: '',
      error_description: '',
      validationErrors: { '': [message] },
      errorModel: { message, object: 'error' },
      exceptionMessage: null,
      exceptionStackTrace: null,
      innerExceptionMessage: null,
      object: 'error',
    }),
  );

export const oauthError = (status: number, error: string): Reply => json(status, { error });

export const unauthorized = ({ unauthorizedBody }: Switches, hasToken: boolean): Refusal => {
  const headers = { 'WWW-Authenticate': hasToken ? 'Bearer error="invalid_token"' : 'Bearer' };
  const reply = unauthorizedBody === 'empty' ? empty(401) : errorReply(401, 'Unauthorized.');
  return new Refusal({ ...reply, headers });
};

/** The list envelope. Every list but that of events is complete. */
export const list = (data: readonly unknown[], continuationToken: string | null = null): Reply =>
  json(200, { object: 'list', data, continuationToken });

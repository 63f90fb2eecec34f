import { RelayError } from '#shared/errors.ts';
import type { CallName } from '#shared/http/answer.ts';
import { Secret } from '#shared/secret.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

/** Confidential header values stay {@link Secret}s until they are sent. */
export type RequestHeaders = Readonly<Record<string, string | Secret>>;

export interface Body {
  readonly contentType: string;
  readonly text: Secret;
}

const EMPTY_TEXT = new Secret('');

export const jsonBody = (value: unknown): Body => ({
  contentType: 'application/json',
  text: new Secret(JSON.stringify(value)),
});

/** No content but a media type: IIS refuses a POST without one (415). */
export const emptyBody: Body = { contentType: 'application/json', text: EMPTY_TEXT };

export const formBody = (fields: Readonly<Record<string, string | Secret>>): Body => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) form.append(name, reveal(value));
  return { contentType: 'application/x-www-form-urlencoded', text: new Secret(form.toString()) };
};

const reveal = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value);

/** The headers as sent. */
export const revealHeaders = (headers: RequestHeaders = {}, body?: Body): Record<string, string> => ({
  accept: 'application/json',
  ...(body === undefined ? {} : { 'content-type': body.contentType }),
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, reveal(value)])),
});

/**
 * Path and query of a call as sent. An undefined query parameter is left out. Raises `RequestRejected` for text that a
 * url cannot contain.
 */
export const fullPath = (
  basePath: string,
  { path, query = {} }: { readonly path: string; readonly query?: Query },
  { connection, name: call }: Pick<CallName, 'connection' | 'name'>,
): string => {
  const parameters = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const text = String(value);
    if (text.isWellFormed()) return [`${name}=${encodeURIComponent(text)}`];
    throw new RelayError(
      'RequestRejected',
      `${connection}: ${call} was not sent because its ${name} is not well-formed Unicode. Correct the name in the query.`,
    );
  });
  const search = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${basePath.replace(/\/$/, '')}/${path}${search}`;
};

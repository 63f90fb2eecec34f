import { RelayError } from '#shared/errors.ts';
import type { CallName } from '#shared/http/answer.ts';
import { Secret } from '#shared/secret.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

/** Header values that must not be shown are {@link Secret}s until the moment they are sent. */
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

/** No content, but with a media type: IIS refuses a POST that has none (415). */
export const emptyBody: Body = { contentType: 'application/json', text: EMPTY_TEXT };

export const formBody = (fields: Readonly<Record<string, string | Secret>>): Body => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) form.append(name, reveal(value));
  return { contentType: 'application/x-www-form-urlencoded', text: new Secret(form.toString()) };
};

const reveal = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value);

/** The headers as they go over the wire. */
export const revealHeaders = (headers: RequestHeaders = {}, body?: Body): Record<string, string> => ({
  accept: 'application/json',
  ...(body === undefined ? {} : { 'content-type': body.contentType }),
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, reveal(value)])),
});

/**
 * Path and query of a call as they go over the wire. A query parameter that is undefined is left out. Raises `RequestRejected` for
 * text that no address can hold.
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
      `${connection}: ${call} was not sent, since its ${name} holds half a character. Correct the name that is looked for.`,
    );
  });
  const search = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${basePath.replace(/\/$/, '')}/${path}${search}`;
};

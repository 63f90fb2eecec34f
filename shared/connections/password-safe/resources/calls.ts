import type * as z from 'zod';
import { interpreter } from '#shared/connections/password-safe/errors.ts';
import { type Rows, readableRows } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { isPage, json, nothing, type Reader } from '#shared/http/answer.ts';
import { emptyBody, jsonBody, type Query } from '#shared/http/request.ts';

/** Calls for objects that the relay provisions (reference: password-safe-api.md 2.6, provisioning-clients.md). */

/** Schema of a list of rows; see `listOf`. */
export type RowsSchema<Row> = z.ZodType<Rows<Row>>;

/** A 404 of the API means that the object does not exist. */
const interpretFind = interpreter((answer) => (answer.status === 404 && !isPage(answer) ? 'fine' : undefined));

/** A duplicate is a refusal: repeating the call later does not help. */
const interpretChange = interpreter((answer) => {
  if (answer.status === 409)
    return ['RequestRejected', 'The vault has an object with these properties already, or another object uses it.'];
  if (answer.status === 400 && !isPage(answer))
    return ['RequestRejected', 'The vault refused the settings. Check those of the resource in relay.yaml.'];
  return undefined;
});

/** Path segments from texts and ids. */
export const pathOf = (...segments: readonly (string | number)[]): string =>
  segments.map((segment) => encodeURIComponent(String(segment))).join('/');

/**
 * Rows of a list, or the one row of an object. None if the vault answers that it does not exist. Raises
 * `AnswerMalformed` if a row is unreadable: it could be the one. Repeatable.
 */
export const findRows = async <Row>(
  session: Session,
  path: string,
  schema: RowsSchema<Row>,
  query: Query = {},
): Promise<readonly Row[]> => {
  const readRows = json(schema);
  const read: Reader<readonly Row[]> = (answer, call) =>
    answer.status === 404 || answer.text.trim() === ''
      ? []
      : readableRows(session.connection, call.name, readRows(answer, call));
  const { value } = await session.send({
    method: 'GET',
    path,
    query,
    idempotent: true,
    interpret: interpretFind,
    read,
  });
  return value;
};

/** Creates an object and returns its row. Never repeated by the client. */
export const createRow = async <Row>(
  session: Session,
  path: string,
  body: unknown,
  schema: z.ZodType<Row>,
  query: Query = {},
): Promise<Row> => {
  const { value } = await session.send({
    method: 'POST',
    path,
    query,
    body: jsonBody(body),
    idempotent: false,
    interpret: interpretChange,
    read: json(schema),
  });
  return value;
};

/** Changes something without reading the answer. Repeatable: the call sets a state. */
export const changeRow = async (
  session: Session,
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  query: Query = {},
): Promise<void> => {
  await session.send({
    method,
    path,
    query,
    body: body === undefined ? emptyBody : jsonBody(body),
    idempotent: true,
    interpret: method === 'DELETE' ? interpretFind : interpretChange,
    read: nothing,
  });
};

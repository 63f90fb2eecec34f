import * as z from 'zod';
import type { Listed } from '#shared/connections/directory.ts';
import { interpretCall, interpretList, interpretRead } from '#shared/connections/secretsafe/errors.ts';
import type { Session } from '#shared/connections/secretsafe/session.ts';
import { RelayError } from '#shared/errors.ts';
import { emptyOrJson, json, type Reader } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';
import { fit } from '#shared/json-shape.ts';

/** Calls of the organization API. */

/** Ten thousand members with some collections each are a few megabytes. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** Path of an object or of something below it. Ids also come from records and from relay.yaml. */
export const pathOf = (...parts: readonly (string | number)[]): string =>
  ['public', ...parts].map((part) => encodeURIComponent(part)).join('/');

const listSchema = z.object({ data: z.array(z.unknown()), continuationToken: z.string().nullish() });

const idSchema = z.object({ id: z.union([z.string(), z.number()]).transform(String) });

/** Id of a row, readable or not. Other values are not shown, because an id property can contain anything. */
const idOf = (row: unknown): string => {
  const { data } = idSchema.safeParse(row);
  return data !== undefined && /^[\w-]{1,36}$/.test(data.id) ? `id ${data.id}` : 'without an id';
};

/**
 * Reads a whole list. Only events come in pages, so a list that continues is not complete. Repeatable. Raises
 * `CallUnsupported` if the server has no such list.
 */
export const readList = async <Row extends z.ZodType>(
  session: Session,
  kind: string,
  row: Row,
): Promise<Listed<z.output<Row>>> => {
  const { value } = await session.send({
    method: 'GET',
    path: pathOf(kind),
    idempotent: true,
    interpret: interpretList,
    read: json(listSchema),
    maxBytes: MAX_LIST_BYTES,
  });
  const rows: z.output<Row>[] = [];
  const rejected: string[] = [];
  for (const raw of value.data) {
    const fitted = fit(row, raw);
    if (fitted.fits) rows.push(fitted.data);
    else rejected.push(`${kind}, ${idOf(raw)}: ${fitted.misfit}`);
  }
  if (value.continuationToken) rejected.push(`${kind}: the list continues on another page`);
  return { rows, rejected };
};

const orAbsent =
  <T>(schema: z.ZodType<T>): Reader<T | undefined> =>
  (answer, call) =>
    answer.status === 404 ? undefined : json(schema)(answer, call);

/** Reads one object; undefined if the server answers that there is none. Repeatable. */
export const readOne = async <T>(session: Session, path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const { value } = await session.send({
    method: 'GET',
    path,
    idempotent: true,
    interpret: interpretRead,
    read: orAbsent(schema),
  });
  return value;
};

/** Reads what exists. Raises `NotFound`. Repeatable. */
export const readExisting = async <T>(session: Session, path: string, schema: z.ZodType<T>): Promise<T> => {
  const { value } = await session.send({
    method: 'GET',
    path,
    idempotent: true,
    interpret: interpretCall,
    read: json(schema),
  });
  return value;
};

/** Replaces an object, or carries out an action on it. Repeatable, unless the client is told not to repeat it. */
export const write = async (
  session: Session,
  method: 'PUT' | 'POST',
  path: string,
  body?: Readonly<Record<string, unknown>>,
  { idempotent = true }: { readonly idempotent?: boolean } = {},
): Promise<void> => {
  await session.send({
    method,
    path,
    ...(body !== undefined && { body: jsonBody(body) }),
    idempotent,
    interpret: interpretCall,
    read: emptyOrJson,
  });
};

/** Creates an object and returns its id. Not repeatable. */
export const create = async (
  session: Session,
  path: string,
  body: Readonly<Record<string, unknown>>,
  schema: z.ZodType<{ readonly id: string }>,
): Promise<string> => {
  const { value } = await session.send({
    method: 'POST',
    path,
    body: jsonBody(body),
    idempotent: false,
    interpret: interpretCall,
    read: json(schema),
  });
  return value.id;
};

/** Deletes an object; false if the server answers that there is none. Repeatable. */
export const erase = async (session: Session, path: string): Promise<boolean> => {
  const { status } = await session.send({
    method: 'DELETE',
    path,
    idempotent: true,
    interpret: interpretRead,
    read: emptyOrJson,
  });
  return status !== 404;
};

/** The error for a write after which the server shows another state. */
export const notTaken = ({ connection }: Session, path: string, what: readonly string[]): RelayError =>
  new RelayError(
    'ChangeRefused',
    `${connection}: after a change of ${path.replace(/^public\//, '')}, the server shows another ${what.join(' and ')}. Check whether another program manages the same objects, and which rights the server knows.`,
  );

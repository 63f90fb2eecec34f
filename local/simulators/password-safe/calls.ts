import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { readBody, splitUrl } from '../common/calls.ts';
import type { Peer } from './registrations.ts';
import { type Reply, refusal } from './replies.ts';

const BASE_PATH = '/beyondtrust/api/public/v3';

/** A received call. Everything that the product treats as case-insensitive is in lower case. */
export interface Call {
  readonly method: string;
  /** Path as the caller wrote it, without the query. */
  readonly path: string;
  /**
   * Path below the base in lower case, with placeholders for numbers and GUIDs: `requests/{id}/checkin`. Undefined
   * outside the base.
   */
  readonly route: string | undefined;
  /** The numbers of the path, in order. */
  readonly ids: readonly number[];
  /** The GUIDs of the path, in order, in lower case. */
  readonly guids: readonly string[];
  /** The segments below the base, decoded, in the caller's case. */
  readonly segments: readonly string[];
  readonly endsWithSlash: boolean;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingMessage['headers'];
  /** One entry per `Cookie` line, because Node joins them. */
  readonly cookieHeaders: readonly string[];
  readonly body: string;
  readonly peer: Peer;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const segmentsOf = (path: string): string[] =>
  path
    .slice(BASE_PATH.length)
    .split('/')
    .filter((segment) => segment !== '');

const parseRoute = (path: string): Pick<Call, 'route' | 'ids' | 'guids' | 'segments' | 'endsWithSlash'> => {
  const endsWithSlash = path.endsWith('/');
  const lowered = path.toLowerCase();
  if (!lowered.startsWith(`${BASE_PATH}/`))
    return { route: undefined, ids: [], guids: [], segments: [], endsWithSlash };
  const ids: number[] = [];
  const guids: string[] = [];
  const route = segmentsOf(lowered).map((segment) => {
    if (GUID.test(segment)) {
      guids.push(segment);
      return '{guid}';
    }
    if (!/^\d{1,15}$/.test(segment)) return segment;
    ids.push(Number(segment));
    return '{id}';
  });
  return { route: route.join('/'), ids, guids, segments: segmentsOf(path).map(decoded), endsWithSlash };
};

const parseQuery = (search: string): ReadonlyMap<string, string> =>
  new Map([...new URLSearchParams(search)].map(([name, value]) => [name.toLowerCase(), value]));

const cookieLines = (rawHeaders: readonly string[]): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'cookie');

/** Reads a call completely before it identifies the caller, which can include a certificate request. */
export const readCall = async (
  request: IncomingMessage,
  identify: (request: IncomingMessage) => Promise<Peer>,
): Promise<Call> => {
  const body = await readBody(request);
  const { path, search } = splitUrl(request);
  return {
    method: request.method ?? 'GET',
    path,
    ...parseRoute(path),
    query: parseQuery(search),
    headers: request.headers,
    cookieHeaders: cookieLines(request.rawHeaders),
    body,
    peer: await identify(request),
  };
};

const isForm = (call: Call): boolean => call.headers['content-type']?.includes('form-urlencoded') === true;

/** Parses as leniently as Json.NET: accepts single quotes, and treats an empty body, `""` and `null` as no fields. */
const parseObject = (call: Call): unknown => {
  if (isForm(call)) return Object.fromEntries(new URLSearchParams(call.body));
  if (call.body.trim() === '') return {};
  try {
    return JSON.parse(call.body) || {};
  } catch {
    return parseYaml(call.body);
  }
};

/** Converts property names to lower case. Null is equivalent to absent. */
const normalise = (fields: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name.toLowerCase(), value]),
  );

/** The body as parsed: an object or an array. Undefined if it is neither. */
export const readObject = (call: Call): object | undefined => {
  try {
    const parsed = parseObject(call);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** Parses the body with a schema of lower-case names. Returns a 400 response if it is invalid. */
export const readFields = <T>(call: Call, schema: z.ZodType<T>): { fields: T } | { invalid: Reply } => {
  const parsed = readObject(call);
  if (parsed === undefined) return { invalid: refusal(400, 'The request body is invalid.') };
  const result = schema.safeParse(normalise(parsed));
  if (result.success) return { fields: result.data };
  const [issue] = result.error.issues;
  return { invalid: refusal(400, `The field ${issue?.path.join('.') ?? ''} is invalid: ${issue?.message ?? ''}`) };
};

/** Json.NET also accepts a number in a string. */
export const integer = z.union([
  z.int(),
  z
    .string()
    .regex(/^\s*-?\d{1,15}\s*$/)
    .transform(Number),
]);

export const flag = z.union([z.boolean(), z.stringbool()]);
export const reasonText = z.string().max(1000).default('');
